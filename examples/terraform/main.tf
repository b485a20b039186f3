# pqtransit under Terraform or OpenTofu with the Vault provider, as it is.
#
#   export VAULT_ADDR=… VAULT_TOKEN=… VAULT_CACERT=…
#   terraform init
#   terraform apply -var sha256="$(sha256sum < vault-plugin-secrets-pqtransit | cut -d' ' -f1)"
#
# The plugin's file must already lie in Vault's plugin_directory, on every node.

terraform {
  required_providers {
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.0.0"
    }
  }
}

variable "sha256" {
  description = "SHA-256 of the plugin's file, hexadecimal."
  type        = string
}

variable "command" {
  description = "Name of the plugin's file in Vault's plugin_directory."
  type        = string
  default     = "vault-plugin-secrets-pqtransit"
}

variable "plugin_name" {
  description = "The plugin's name in Vault's catalog. Never transit: that would take every transit mount."
  type        = string
  default     = "pqtransit"
}

variable "plugin_version" {
  description = "The version that the plugin reports of itself."
  type        = string
  default     = "v0.1.0"
}

variable "path" {
  description = "Where the engine is mounted."
  type        = string
  default     = "pqtransit"
}

resource "vault_plugin" "pqtransit" {
  type    = "secret"
  name    = var.plugin_name
  version = var.plugin_version
  command = var.command
  sha256  = var.sha256
}

resource "vault_mount" "pqtransit" {
  path           = var.path
  type           = vault_plugin.pqtransit.name
  plugin_version = vault_plugin.pqtransit.version
  description    = "Transit with post-quantum keys"

  # Otherwise the audit log has only an HMAC of them.
  audit_non_hmac_request_keys  = ["type", "parameter_set", "key_version"]
  audit_non_hmac_response_keys = ["name", "type", "latest_version", "key_version"]
}

# Setting this reloads the plugin, which ends requests that are under way.
resource "vault_transit_secret_cache_config" "pqtransit" {
  backend = vault_mount.pqtransit.path
  size    = 10000
}

# Encrypts to X25519 and ML-KEM-768 together.
resource "vault_transit_secret_backend_key" "orders" {
  backend            = vault_transit_secret_cache_config.pqtransit.backend
  name               = "orders"
  type               = "x25519-mlkem768"
  auto_rotate_period = 2592000 # 30 days

  # After a rotation to another type Terraform would replace the key, and with it all that it
  # can decrypt.
  lifecycle {
    ignore_changes  = [type]
    prevent_destroy = false # true in earnest
  }
}

# Signs with ML-DSA-65 and Ed25519 together. type and parameters as here, not the one name
# hybrid-ml-dsa-65-ed25519: a read answers them so, and Terraform would see a change.
resource "vault_transit_secret_backend_key" "releases" {
  backend                = vault_transit_secret_cache_config.pqtransit.backend
  name                   = "releases"
  type                   = "hybrid"
  parameter_set          = "65"
  hybrid_key_type_pqc    = "ml-dsa"
  hybrid_key_type_ec     = "ed25519"
  deletion_allowed       = true
  min_decryption_version = 1
}

data "vault_transit_encrypt" "password" {
  backend   = vault_mount.pqtransit.path
  key       = vault_transit_secret_backend_key.orders.name
  plaintext = "correct horse battery staple"
}

data "vault_transit_decrypt" "password" {
  backend    = vault_mount.pqtransit.path
  key        = vault_transit_secret_backend_key.orders.name
  ciphertext = data.vault_transit_encrypt.password.ciphertext
}

data "vault_transit_sign" "release" {
  path  = vault_mount.pqtransit.path
  name  = vault_transit_secret_backend_key.releases.name
  input = base64encode("release 1.0")
}

data "vault_transit_verify" "release" {
  path      = vault_mount.pqtransit.path
  name      = vault_transit_secret_backend_key.releases.name
  input     = base64encode("release 1.0")
  signature = data.vault_transit_sign.release.signature
}

output "ciphertext" {
  value = data.vault_transit_encrypt.password.ciphertext
}

output "decrypts" {
  value     = data.vault_transit_decrypt.password.plaintext == "correct horse battery staple"
  sensitive = true
}

output "signature_is_valid" {
  value = data.vault_transit_verify.release.valid
}
