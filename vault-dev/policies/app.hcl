# An application: uses keys, may not make or change them.
path "pqtransit/encrypt/*" {
  capabilities = ["update"]
}

path "pqtransit/decrypt/*" {
  capabilities = ["update"]
}

path "pqtransit/rewrap/*" {
  capabilities = ["update"]
}

path "pqtransit/keys/*" {
  capabilities = ["read"]
}
