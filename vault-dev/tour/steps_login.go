package tour

// login is how a person logs in; the token is shown, not stored.
const login = `vault login -no-store -method=userpass -path=threatauth`

// credentials are the first user's; the password is read from its file.
const credentials = ` username=alice password="@$PALISADE_DEV_DIR/alice-password"`

// refusal is the one answer that every refused login gets.
const refusal = `invalid username or password`

func loginSteps() []step {
	return []step{
		{
			title: "threatauth: a login is judged, not only checked",
			why:   "The right password from the usual device gives the full token. The command is userpass's own.",
			run:   login + credentials,
			want:  []string{`token_policies\s+\[.*"app"`},
		}, {
			why:  "The right password from a device never seen gives a short token with the policy \"restricted\" alone.",
			run:  login + ` -header="User-Agent=UnknownPhone/1.0"` + credentials,
			want: []string{`token_policies\s+\["restricted"\]`},
		}, {
			why:  "The same once more, to keep that token.",
			run:  `RESTRICTED=$(` + login + ` -field=token -header="User-Agent=UnknownPhone/1.0"` + credentials + `)`,
			keep: "RESTRICTED",
			want: []string{`^hvs\.`},
		}, {
			why:     "It may not decrypt.",
			run:     `VAULT_TOKEN="$RESTRICTED" vault write pqtransit/decrypt/tour-orders ciphertext="$CIPHERTEXT"`,
			refused: true,
			want:    []string{`permission denied`},
		}, {
			why:  "An address from the reputation list that is loaded.",
			run:  `LISTED=$(grep -m 1 -oE '^[0-9.]+' threatauth/intel/testdata/ipsum-top3000.txt)`,
			keep: "LISTED",
			want: []string{`^[0-9]+\.`},
		}, {
			why:     "From there the right password is refused. The second listener believes X-Forwarded-For, as behind a load balancer.",
			run:     login + ` -address="$PALISADE_FORWARDED_ADDR" -header="X-Forwarded-For=$LISTED"` + credentials,
			refused: true,
			want:    []string{refusal},
		}, {
			why:   "Who may read decisions sees why: the newest one.",
			run:   `vault read auth/threatauth/risk/decisions/"$(vault list auth/threatauth/risk/decisions | sed -n 3p)"`,
			want:  []string{`outcome\s+refused_risk`, `reputation list`},
			await: true, // records of refused logins are written after the answer
		}, {
			why:     "A wrong password gets the very same answer, so a refusal does not tell whether the password was right.",
			run:     login + ` username=alice password=wrong`,
			refused: true,
			want:    []string{refusal},
		}, {
			why:  "On the first listener the header is only a claim: it changes nothing.",
			run:  login + ` -header="X-Forwarded-For=$LISTED"` + credentials,
			want: []string{`token_policies\s+\[.*"app"`},
		}, {
			why:  "Every decision lies under Vault's request id.",
			run:  `vault list auth/threatauth/risk/decisions | head -n 8`,
			want: []string{`[0-9a-f]{8}-[0-9a-f]{4}-`},
		},
	}
}
