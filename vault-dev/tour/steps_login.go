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
			why:  "The right password from a device never seen gives a short token with the policy \"threatauth-restricted\" alone.",
			run:  login + ` -header="User-Agent=UnknownPhone/1.0"` + credentials,
			want: []string{`token_policies\s+\["threatauth-restricted"\]`},
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
			why:  "The audit log knows the login by Vault's request id.",
			run:  `REFUSED=$(palisade-dev audit | awk '/auth.threatauth.login.alice/ { id = $4 } END { print id }')`,
			keep: "REFUSED",
			want: []string{`^[0-9a-f-]{36}$`},
		}, {
			why:   "Under the same id lies the decision, for those who may read it.",
			run:   `vault read auth/threatauth/risk/decisions/"$REFUSED"`,
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
			why:  "The last decisions about that user.",
			run:  `vault list -detailed auth/threatauth/risk/decisions | grep -w alice | sort -b -k 6 | tail -n 6`,
			want: []string{`refused_risk`, `restricted_token`},
			// the time is at the end of long lines
			whole: true,
		},
	}
}
