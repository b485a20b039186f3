package tour

import "slices"

// The keys that a tour makes; the next one removes them first.
const (
	hybridKey = "tour-orders"
	legacyKey = "tour-legacy"
)

func steps() []step {
	return slices.Concat(keySteps(), loginSteps(), sealSteps(), auditSteps())
}

func keySteps() []step {
	return []step{
		{
			title: "pqtransit: transit with post-quantum keys",
			why:   "A hybrid key: X-Wing joins X25519 and ML-KEM-768, so that both must fall before a ciphertext does.",
			run:   "vault write pqtransit/keys/tour-orders type=x25519-mlkem768",
			want:  []string{`type\s+x25519-mlkem768`},
		}, {
			why:  "The request is transit's; what comes back is longer, since it carries an ML-KEM ciphertext.",
			run:  `CIPHERTEXT=$(vault write -field=ciphertext pqtransit/encrypt/tour-orders plaintext="$(printf 'card 4111' | base64)")`,
			keep: "CIPHERTEXT",
			want: []string{`^vault:v1:[A-Za-z0-9+/]{1000}`},
		}, {
			why:  "Decryption is transit's too.",
			run:  `vault write -field=plaintext pqtransit/decrypt/tour-orders ciphertext="$CIPHERTEXT" | base64 -d`,
			want: []string{`^card 4111$`},
		}, {
			why:  "A key as applications have it today, which a quantum computer would break.",
			run:  "vault write -field=type pqtransit/keys/tour-legacy type=rsa-4096",
			want: []string{`^rsa-4096`},
		}, {
			why:  "Some old data under it.",
			run:  `OLD=$(vault write -field=ciphertext pqtransit/encrypt/tour-legacy plaintext="$(printf 'from 2019' | base64)")`,
			keep: "OLD",
			want: []string{`^vault:v1:`},
		}, {
			why:  "Migration is a rotation: version 2 of the same key is hybrid.",
			run:  "vault write -field=latest_version pqtransit/keys/tour-legacy/rotate type=x25519-mlkem768",
			want: []string{`^2`},
		}, {
			why:  "Version 1 still reads what it wrote.",
			run:  `vault write -field=plaintext pqtransit/decrypt/tour-legacy ciphertext="$OLD" | base64 -d`,
			want: []string{`^from 2019$`},
		}, {
			why:  "Rewrap moves old data to the new algorithm, and no client sees the plaintext.",
			run:  `NEW=$(vault write -field=ciphertext pqtransit/rewrap/tour-legacy ciphertext="$OLD")`,
			keep: "NEW",
			want: []string{`^vault:v2:[A-Za-z0-9+/]{1000}`},
		}, {
			why:  "The same plaintext, quantum-safe from here on.",
			run:  `vault write -field=plaintext pqtransit/decrypt/tour-legacy ciphertext="$NEW" | base64 -d`,
			want: []string{`^from 2019$`},
		},
	}
}
