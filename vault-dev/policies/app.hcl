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

path "pqtransit/sign/*" {
  capabilities = ["update"]
}

path "pqtransit/verify/*" {
  capabilities = ["update"]
}

path "pqtransit/encapsulate/*" {
  capabilities = ["update"]
}

path "pqtransit/decapsulate/*" {
  capabilities = ["update"]
}

path "pqtransit/age-unwrap/*" {
  capabilities = ["update"]
}

path "pqtransit/keys/*" {
  capabilities = ["read"]
}
