package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"
	"golang.org/x/crypto/bcrypt"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// listedAddress is on the reputation list that Up loads.
var listedAddress = firstListed()

func firstListed() string {
	file, err := os.Open("../../threatauth/intel/testdata/ipsum-top3000.txt")
	if err != nil {
		return "no reputation list: " + err.Error()
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		address, count, found := strings.Cut(lines.Text(), "\t")
		if found && !strings.HasPrefix(address, "#") && len(count) > 1 { // on ten lists or more
			return address
		}
	}
	return "the reputation list holds no address"
}

const password = "correct horse battery staple"

// makeUser makes a user whose tokens get the policy app.
func makeUser(t *testing.T) string {
	t.Helper()
	name := uniqueName(t)
	write(t, root(t), "auth/threatauth/users/"+name, object{"password": password, "token_policies": "app", "token_ttl": "1h"})
	return name
}

// logIn sends a login as a client does, with the headers given as pairs.
func logIn(t *testing.T, address, name, password string, headers ...string) answer {
	t.Helper()
	client := anonymous(t, address)
	for i := 0; i+1 < len(headers); i += 2 {
		client.AddHeader(headers[i], headers[i+1])
	}
	return send(t, client, http.MethodPost, "auth/threatauth/login/"+name, encode(t, object{"password": password}))
}

// token is what a login got; empty for a refused one.
func (a answer) token(t *testing.T) *api.SecretAuth {
	t.Helper()
	var body struct {
		Auth *struct {
			ClientToken   string   `json:"client_token"`
			Policies      []string `json:"policies"`
			EntityID      string   `json:"entity_id"`
			LeaseDuration int      `json:"lease_duration"`
			Renewable     bool     `json:"renewable"`
		}
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Auth == nil {
		t.Fatalf("no token: status %d: %.300s", a.status, a.body)
	}
	return &api.SecretAuth{
		ClientToken: body.Auth.ClientToken, Policies: body.Auth.Policies, EntityID: body.Auth.EntityID,
		LeaseDuration: body.Auth.LeaseDuration, Renewable: body.Auth.Renewable,
	}
}

func TestLoginIsGraded(t *testing.T) {
	t.Parallel()
	name := makeUser(t)
	full := logIn(t, dev.Address(), name, password, "User-Agent", "usual/1").token(t)
	if diff := cmp.Diff([]string{"app", "default"}, full.Policies); diff != "" || full.EntityID == "" {
		t.Errorf("full token has entity %q and policies\n%s", full.EntityID, diff)
	}
	restricted := logIn(t, dev.Address(), name, password, "User-Agent", "unusual/1").token(t)
	if diff := cmp.Diff([]string{"threatauth-restricted"}, restricted.Policies); diff != "" || restricted.EntityID != "" || restricted.LeaseDuration > 300 {
		t.Errorf("restricted token lives %d s, has entity %q and policies\n%s", restricted.LeaseDuration, restricted.EntityID, diff)
	}
	again := logIn(t, dev.Address(), name, password, "User-Agent", "unusual/1").token(t)
	if diff := cmp.Diff([]string{"threatauth-restricted"}, again.Policies); diff != "" {
		t.Errorf("a restricted login taught the device\n%s", diff)
	}
	key := makeKey(t, "aes256-gcm96")
	client := anonymous(t, dev.Address())
	client.SetToken(restricted.ClientToken)
	body := encode(t, object{"ciphertext": "vault:v1:AAAA"})
	if got := send(t, client, http.MethodPost, "pqtransit/decrypt/"+key, body); got.status != http.StatusForbidden {
		t.Errorf("a restricted token's decryption gets %d: %s", got.status, got.body)
	}
}

// withoutID is a body apart from what differs between any two answers.
func withoutID(t *testing.T, a answer) object {
	t.Helper()
	var body object
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("status %d: %.300s", a.status, a.body)
	}
	delete(body, "request_id")
	return body
}

// No refusal tells whether the password was right.
func TestRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	name, blocked := makeUser(t), makeUser(t)
	write(t, root(t), "auth/threatauth/risk/block/"+blocked, object{"reason": "test"})
	wrong := logIn(t, dev.ForwardedAddress(), name, "wrong")
	if wrong.status != http.StatusBadRequest {
		t.Fatalf("a wrong password gets %d: %s", wrong.status, wrong.body)
	}
	for _, test := range []struct {
		name string
		got  answer
	}{
		{"denied by the list", logIn(t, dev.ForwardedAddress(), name, password, "X-Forwarded-For", listedAddress)},
		{"wrong password from the list", logIn(t, dev.ForwardedAddress(), name, "wrong", "X-Forwarded-For", listedAddress)},
		{"unknown user", logIn(t, dev.ForwardedAddress(), "nobody-at-all", password)},
		{"empty password", logIn(t, dev.ForwardedAddress(), name, "")},
		{"blocked user", logIn(t, dev.ForwardedAddress(), blocked, password)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(withoutID(t, wrong), withoutID(t, test.got)); diff != "" || test.got.status != wrong.status {
				t.Errorf("status %d, that of a wrong password is %d; bodies differ by\n%s", test.got.status, wrong.status, diff)
			}
		})
	}
}

// Only Vault's listener says where a client is.
func TestForgedAddressChangesNothing(t *testing.T) {
	t.Parallel()
	name := makeUser(t)
	for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip"} {
		if got := logIn(t, dev.Address(), name, password, header, listedAddress); got.status != http.StatusOK {
			t.Errorf("%s on the plain listener gets %d: %s", header, got.status, got.body)
		}
	}
	if got := logIn(t, dev.ForwardedAddress(), name, password, "X-Forwarded-For", listedAddress); got.status != http.StatusBadRequest {
		t.Errorf("the listener that believes the header answers %d", got.status)
	}
}

// A listed client cannot get off the list by writing its own X-Forwarded-For before the
// load balancer's.
func TestForgedHopIsPassedOver(t *testing.T) {
	t.Parallel()
	name := makeUser(t)
	if got := logIn(t, dev.ForwardedAddress(), name, password, "X-Forwarded-For", "192.0.2.7, "+listedAddress); got.status != http.StatusBadRequest {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

func TestDecisionJoinsTheAuditLog(t *testing.T) {
	t.Parallel()
	name := makeUser(t)
	logIn(t, dev.Address(), name, password)
	logIn(t, dev.ForwardedAddress(), name, password, "X-Forwarded-For", listedAddress)
	logIn(t, dev.Address(), name, "wrong")
	client := root(t)
	var got []object
	for _, id := range loginRequests(t, name) {
		record := awaitDecision(t, client, id)
		got = append(got, object{"outcome": record["outcome"], "source": record["source"], "principal": record["principal"]})
	}
	want := []object{
		{"outcome": "token", "source": "127.0.0.1", "principal": name},
		{"outcome": "refused_risk", "source": listedAddress, "principal": name},
		{"outcome": "refused_credential", "source": "127.0.0.1", "principal": name},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// loginRequests are the request ids of a user's logins, from the audit log, oldest first.
func loginRequests(t *testing.T, name string) []string {
	t.Helper()
	entries, err := dev.Audit()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, entry := range entries {
		if entry.Type == "response" && entry.Request.Path == "auth/threatauth/login/"+name {
			ids = append(ids, entry.Request.ID)
		}
	}
	return ids
}

// awaitDecision reads a record that, for a refused login, is written after the answer.
func awaitDecision(t *testing.T, client *api.Client, id string) object {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var found *api.Secret
	var last error
	err := process.Poll(ctx, func() bool {
		found, last = client.Logical().ReadWithContext(ctx, "auth/threatauth/risk/decisions/"+id)
		return last == nil && found != nil
	})
	if err != nil {
		t.Fatalf("no decision under the request id %s: %v", id, last)
	}
	return found.Data
}

func TestRenewalChecksAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(client *api.Client, user string) error
	}{
		{"user deleted", func(client *api.Client, user string) error {
			_, err := client.Logical().Delete("auth/threatauth/users/" + user)
			return err
		}},
		{"user blocked", func(client *api.Client, user string) error {
			_, err := client.Logical().Write("auth/threatauth/risk/block/"+user, object{"reason": "test"})
			return err
		}},
		{"policies changed", func(client *api.Client, user string) error {
			_, err := client.Logical().Write("auth/threatauth/users/"+user, object{"token_policies": "admin"})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := makeUser(t)
			client := anonymous(t, dev.Address())
			client.SetToken(logIn(t, dev.Address(), name, password).token(t).ClientToken)
			if _, err := client.Auth().Token().RenewSelfWithContext(t.Context(), 600); err != nil {
				t.Fatalf("an honest renewal: %v", err)
			}
			if err := test.spoil(root(t), name); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Auth().Token().RenewSelfWithContext(t.Context(), 600); err == nil {
				t.Error("the token was renewed")
			}
		})
	}
}

func TestImportedHashWorks(t *testing.T) {
	t.Parallel()
	name := uniqueName(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("imported"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write(t, root(t), "auth/threatauth/users/"+name, object{"password_hash": string(hash), "token_policies": "app"})
	for range 2 { // the first login upgrades the hash
		logIn(t, dev.Address(), name, "imported").token(t)
	}
}

func TestBadLogins(t *testing.T) {
	t.Parallel()
	client := anonymous(t, dev.Address())
	for _, test := range []struct{ name, path, body string }{
		{"password is a number", "someone", `{"password":1}`},
		{"password is a list", "someone", `{"password":["a"]}`},
		{"no password", "someone", `{}`},
		{"odd name", "a%20b", `{"password":"x"}`},
		{"huge password", "someone", `{"password":"` + strings.Repeat("x", 1<<20) + `"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := send(t, client, http.MethodPost, "auth/threatauth/login/"+test.path, []byte(test.body))
			if got.status < 400 || got.status > 499 {
				t.Errorf("status %d: %.300s", got.status, got.body)
			}
		})
	}
}
