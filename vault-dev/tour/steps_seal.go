package tour

func sealSteps() []step {
	return []step{
		{
			title: "hsmseal: the HSM unseals Vault",
			why:   "To Vault its seal is a transit engine; behind the socket is hsmseald, and the key is in the PKCS#11 token.",
			run:   "vault status",
			want:  []string{`Seal Type\s+transit`, `Sealed\s+false`},
		}, {
			why:  "Vault is stopped and started. Nobody enters a key.",
			run:  "palisade-dev restart",
			want: []string{`starting Vault`},
		}, {
			why:  "It is unsealed again.",
			run:  "vault status",
			want: []string{`Seal Type\s+transit`, `Sealed\s+false`},
		}, {
			why:  "What Vault says of it.",
			run:  `grep -E 'unsealed|post-unseal setup complete' "$PALISADE_DEV_DIR/logs/vault.log" | tail -n 3`,
			want: []string{`unsealed`},
		}, {
			why:  "The data is still there.",
			run:  `vault write -field=plaintext pqtransit/decrypt/tour-legacy ciphertext="$NEW" | base64 -d`,
			want: []string{`^from 2019$`},
		},
	}
}

func auditSteps() []step {
	return []step{
		{
			title: "The audit log has it all",
			why:   "Vault writes every request and answer; this is the gist of the last ones.",
			run:   "palisade-dev audit",
			want:  []string{`pqtransit/encrypt/tour-orders`, `pqtransit/rewrap/tour-legacy`, `auth/threatauth/login/alice`},
			whole: true,
		}, {
			why:   "One line as it is: strings are HMACs, so the log holds no secret.",
			run:   `grep '"path":"pqtransit/rewrap/tour-legacy"' "$PALISADE_DEV_DIR/logs/audit.log" | tail -n 1 | fold -w 108`,
			want:  []string{`hmac-sha256:`},
			whole: true,
		},
	}
}
