# Who looks after both mounts, and reads what was decided about logins.
path "pqtransit/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

path "auth/threatauth/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

path "sys/plugins/catalog/*" {
  capabilities = ["read", "list"]
}
