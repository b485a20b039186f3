difference "caller's mistakes, in the same words" {
  reason     = "the caller's mistake is not a fault of the server"
  row        = "the caller's mistake is not a fault of the server"
  operations = ["rewrap", "decrypt", "encrypt", "sign", "verify", "export", "import", "import_version", "backup", "restore", "rotate", "byok-export", "create", "datakey", "hmac"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts = [
    "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error",
    "key \"[^\"]+\" not found",
    "unknown key type [a-z0-9-]+ for export type public-key",
    "imported key [^ ]+ does not allow rotation within Vault",
    "no key found with name [^ ]+; to import a new key, use the import/ endpoint",
    "the import_version endpoint can only be used with an imported key",
    "selected key version does not have a certificate chain imported",
    "provided ciphertext is too short",
    "error deriving key: missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key",
    "error importing key: invalid curve: expected P-\\d+, got P-\\d+",
    "no such key version",
    "plaintext backup is disallowed on the policy",
    "exporting is disallowed on the policy",
    "crypto/rsa: input must be hashed message",
    "unknown hash function: [^ ]*",
    "the import path cannot be used with an existing key; use import-version to rotate an existing imported key",
    "private key imported, key version cannot be updated",
    "no such destination key to export to",
    "error importing key: error parsing public key: not in PEM format",
    "requested version for signing is less than the minimum encryption key version",
    "requested version for signing does not contain a private part",
  ]
  examples = [<<-STEPS
    POST rewrap/{{n}}k {"ciphertext":"vault:v1:AAAA"}
  STEPS
  ]
}

difference "type of a parameter" {
  reason     = "no value in an error"
  row        = "Errors never repeat a caller's value: a field of the wrong type is named with its type alone."
  operations = ["rewrap", "decrypt", "encrypt", "sign", "verify", "create", "import", "import_version", "restore", "hmac", "hash", "random", "datakey", "config", "trim", "rotate"]
  builtin    = "400 (Field validation failed: )?error converting input for field \"(?P<field>\\w+)\": '' expected type '(?P<want>\\w+)', got unconvertible type '(?P<got>[^']+)', value: '.*'"
  pqtransit  = "400 Field validation failed: '<field>' expected type '<want>', got unconvertible type '<got>'"
  examples = [<<-STEPS
    POST hash {"input":[]}
  STEPS
  ]
}
