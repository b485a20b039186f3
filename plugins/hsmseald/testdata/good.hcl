state_dir = "/var/lib/hsmseald"
listener "unix" {
  path = "/run/hsmseald/seal.sock"
}
token "softhsm" {
  module   = "/usr/lib/softhsm/libsofthsm2.so"
  label    = "palisade"
  pin_file = "/etc/hsmseald/pin"
}
tenant "dev" {
  mount_path = "transit/"
  key_name   = "vault-dev"
}
