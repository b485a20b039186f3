package e2e_test

import "testing"

// Each family on the real Vault, asked for in Vault Enterprise's words.
func TestSignaturesOfEveryFamily(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]object{
		"ecdsa":   {"type": "ecdsa-p256"},
		"ed25519": {"type": "ed25519"},
		"rsa":     {"type": "rsa-2048"},
		"ml-dsa":  {"type": "ml-dsa", "parameter_set": "65"},
		"slh-dsa": {"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f"},
		"hybrid":  {"type": "hybrid", "parameter_set": "65", "hybrid_key_type_pqc": "ml-dsa", "hybrid_key_type_ec": "ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, key := root(t), uniqueName(t)
			write(t, client, "pqtransit/keys/"+key, create)
			signed := write(t, client, "pqtransit/sign/"+key, object{"input": b64("message")})
			for input, want := range map[string]bool{"message": true, "other": false} {
				got := write(t, client, "pqtransit/verify/"+key, object{"input": b64(input), "signature": signed["signature"]})
				if got["valid"] != want {
					t.Errorf("%s: valid %v", input, got["valid"])
				}
			}
		})
	}
}

func TestKeyEncapsulation(t *testing.T) {
	t.Parallel()
	client, key := root(t), uniqueName(t)
	write(t, client, "pqtransit/keys/"+key, object{"type": "ml-kem", "parameter_set": "768", "purpose": "key-encapsulation"})
	made := write(t, client, "pqtransit/encapsulate/"+key, nil)
	got := write(t, client, "pqtransit/decapsulate/"+key, object{"ciphertext": made["ciphertext"], "confirmation": made["confirmation"]})
	if made["shared_secret"] == nil || got["shared_secret"] != made["shared_secret"] {
		t.Error("the two sides have different secrets")
	}
}
