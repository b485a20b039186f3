# What a login that looks unusual gets: enough to see who one is, and to encrypt.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}

path "pqtransit/encrypt/*" {
  capabilities = ["update"]
}
