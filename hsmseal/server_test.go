package hsmseal_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func TestVaultClientRoundTrip(t *testing.T) {
	d := start(t, never, nil)
	for _, test := range []struct{ name, tenant, namespace, mount string }{
		{"no namespace", "one", "", "transit"},
		{"namespace and deep mount", "two", "ns/", "deep/transit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := d.vault(t, d.token(t, test.tenant), test.namespace)
			for _, plaintext := range []string{"", "a", strings.Repeat("k", 160)} {
				sealed := write(t, client, test.mount+"/encrypt/"+test.tenant,
					map[string]any{"plaintext": base64.StdEncoding.EncodeToString([]byte(plaintext))})
				text, _ := sealed["ciphertext"].(string)
				if parts := strings.Split(text, ":"); len(parts) != 3 || parts[0] != "vault" {
					t.Fatalf("ciphertext %q has not the three parts Vault demands", text)
				}
				opened := write(t, client, test.mount+"/decrypt/"+test.tenant, map[string]any{"ciphertext": text})
				if want := base64.StdEncoding.EncodeToString([]byte(plaintext)); opened["plaintext"] != want {
					t.Errorf("got %q, want %q", opened["plaintext"], want)
				}
			}
		})
	}
}

func TestRenewSelfNeverBreaksVaultsStart(t *testing.T) {
	d := start(t, never, nil)
	token := d.token(t, "two")
	// The namespace decides nothing: renewals of any tenant's token are answered.
	secret, err := d.vault(t, token, "").Auth().Token().RenewSelfWithContext(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if secret == nil || secret.Auth == nil {
		t.Fatal("an answer without auth: Vault would not start")
	}
	if auth := secret.Auth; auth.ClientToken != token || !auth.Renewable || auth.LeaseDuration <= 0 {
		t.Errorf("renewable %v, lease %d, same token %v", auth.Renewable, auth.LeaseDuration, auth.ClientToken == token)
	}
	_, err = d.vault(t, "hsmseal.unknown", "").Auth().Token().RenewSelfWithContext(t.Context(), 0)
	var refused *api.ResponseError
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusForbidden {
		t.Errorf("an unknown token: %v", err)
	}
	if got := d.call(t, http.MethodPost, "/v1/auth/token/renew-self", token, ""); got.status != http.StatusOK {
		t.Errorf("without a body: %d %s", got.status, got.body)
	}
}

// TestRenewSelfBesideADamagedTenant: one tenant's damaged file is no other's
// trouble, and what it hides stays unknown, not refused.
func TestRenewSelfBesideADamagedTenant(t *testing.T) {
	d := start(t, never, nil)
	good, hidden := d.token(t, "two"), d.token(t, "one")
	if err := os.WriteFile(filepath.Join(d.config.StateDir, "client-tokens", "one"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{good: http.StatusOK, hidden: http.StatusServiceUnavailable} {
		if got := d.call(t, http.MethodPut, "/v1/auth/token/renew-self", token, ""); got.status != want {
			t.Errorf("got %d %s, want %d", got.status, got.body, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	d := start(t, never, nil)
	one, two := d.token(t, "one"), d.token(t, "two")
	good := d.call(t, http.MethodPut, "/v1/transit/encrypt/one", one, `{"plaintext":"eA=="}`)
	text, _ := good.data["ciphertext"].(string)
	if good.status != http.StatusOK || text == "" {
		t.Fatalf("%d %s", good.status, good.body)
	}
	const enc, dec = "/v1/transit/encrypt/one", "/v1/transit/decrypt/one"
	long := base64.StdEncoding.EncodeToString(make([]byte, 33<<10))
	for _, test := range []struct {
		name, method, path, token, body string
		status                          int
		want                            string
	}{
		{"no token", "PUT", enc, "", `{"plaintext":""}`, 403, "permission denied"},
		{"wrong token", "PUT", enc, one + "x", `{"plaintext":""}`, 403, "permission denied"},
		{"hash as token", "PUT", enc, strings.Repeat("0", 64), `{"plaintext":""}`, 403, "permission denied"},
		{"another tenant's token", "PUT", enc, two, `{"plaintext":""}`, 403, "permission denied"},
		{"unknown mount", "PUT", "/v1/other/encrypt/one", one, `{"plaintext":""}`, 403, "permission denied"},
		{"unknown key", "PUT", "/v1/transit/encrypt/three", one, `{"plaintext":""}`, 403, "permission denied"},
		{"namespace missing", "PUT", "/v1/deep/transit/encrypt/two", two, `{"plaintext":""}`, 403, "permission denied"},
		{"wrong token, bad body", "PUT", enc, "x", `{`, 403, "permission denied"},
		{"GET", "GET", enc, one, "", 405, "unsupported method"},
		{"DELETE", "DELETE", dec, one, "", 405, "unsupported method"},
		{"LIST of renew-self", "LIST", "/v1/auth/token/renew-self", one, "", 405, "unsupported method"},
		{"root", "GET", "/", one, "", 404, "unsupported path"},
		{"lookup-self", "GET", "/v1/auth/token/lookup-self", one, "", 404, "unsupported path"},
		{"keys", "GET", "/v1/transit/keys/one", one, "", 404, "unsupported path"},
		{"no key name", "PUT", "/v1/transit/encrypt/", one, "{}", 404, "unsupported path"},
		{"no mount", "PUT", "/v1/encrypt/one", one, "{}", 404, "unsupported path"},
		{"slash in key name", "PUT", "/v1/transit/encrypt/one%2Ftwo", one, "{}", 404, "unsupported path"},
		{"dots", "PUT", "/v1/transit/../transit/encrypt/one", one, `{"plaintext":""}`, 403, "permission denied"},
		{"empty body", "PUT", enc, one, "", 400, "no JSON object"},
		{"malformed JSON", "PUT", enc, one, `{"plaintext":`, 400, "no JSON object"},
		{"JSON array", "PUT", enc, one, `["eA=="]`, 400, "no JSON object"},
		{"JSON null", "PUT", enc, one, `null`, 400, "plaintext is missing"},
		{"plaintext a number", "PUT", enc, one, `{"plaintext":1}`, 400, "no JSON object"},
		{"plaintext an object", "PUT", enc, one, `{"plaintext":{}}`, 400, "no JSON object"},
		{"plaintext null", "PUT", enc, one, `{"plaintext":null}`, 400, "plaintext is missing"},
		{"plaintext missing", "PUT", enc, one, `{}`, 400, "plaintext is missing"},
		{"ciphertext missing", "PUT", dec, one, `{}`, 400, "ciphertext is missing"},
		{"ciphertext a number", "PUT", dec, one, `{"ciphertext":1}`, 400, "no JSON object"},
		{"unknown parameter", "PUT", enc, one, `{"plaintext":"eA==","context":"eA=="}`, 400, "no JSON object"},
		{"batch", "PUT", enc, one, `{"batch_input":[{"plaintext":"eA=="}]}`, 400, "no JSON object"},
		{"trailing garbage", "PUT", enc, one, `{"plaintext":"eA=="} x`, 400, "something after"},
		{"two objects", "PUT", enc, one, `{"plaintext":"eA=="}{}`, 400, "something after"},
		{"deep nesting", "PUT", enc, one, strings.Repeat("[", 100_000), 400, "no JSON object"},
		{"malformed base64", "PUT", enc, one, `{"plaintext":"!!"}`, 400, "not standard base64"},
		{"url base64", "PUT", enc, one, `{"plaintext":"-_-_"}`, 400, "not standard base64"},
		{"unpadded base64", "PUT", enc, one, `{"plaintext":"eA"}`, 400, "not standard base64"},
		{"plaintext too long", "PUT", enc, one, `{"plaintext":"` + long + `"}`, 400, "at most 32768"},
		{"body too large", "PUT", enc, one, `{"plaintext":"` + strings.Repeat("A", hsmseal.MaxBody) + `"}`, 413, "too large"},
		{"ciphertext empty", "PUT", dec, one, `{"ciphertext":""}`, 400, "invalid ciphertext"},
		{"ciphertext of transit", "PUT", dec, one, `{"ciphertext":"vault:v1:AAAA"}`, 400, "invalid ciphertext"},
		{"ciphertext with a tail", "PUT", dec, one, `{"ciphertext":"` + text + `:x"}`, 400, "invalid ciphertext"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := d.call(t, test.method, test.path, test.token, test.body)
			if got.status != test.status || len(got.errors) != 1 || !strings.Contains(got.errors[0], test.want) {
				t.Errorf("got %d %s, want %d with %q", got.status, got.body, test.status, test.want)
			}
			if strings.Contains(got.body, "panic") || strings.Contains(got.body, "goroutine") {
				t.Errorf("the answer tells of a panic: %s", got.body)
			}
		})
	}
	for _, secret := range []string{one, two} {
		if strings.Contains(d.log.String(), secret) {
			t.Error("a client token is in the log")
		}
	}
	if strings.Contains(d.log.String(), "panic") {
		t.Error("something panicked")
	}
}

func TestChangedCiphertextsAreRefused(t *testing.T) {
	d := start(t, never, nil)
	token := d.token(t, "one")
	text, _ := d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":"eA=="}`).data["ciphertext"].(string)
	if text == "" {
		t.Fatal("no ciphertext")
	}
	refused := func(name, changed string) {
		got := d.call(t, "PUT", "/v1/transit/decrypt/one", token, `{"ciphertext":"`+changed+`"}`)
		if got.status != http.StatusBadRequest {
			t.Fatalf("%s: %d %s", name, got.status, got.body)
		}
	}
	for n := range text {
		refused("cut", text[:n])
		replacement := byte('A')
		if text[n] == 'A' {
			replacement = 'B'
		}
		refused("changed", text[:n]+string(replacement)+text[n+1:])
	}
	if got := d.call(t, "GET", "/v1/sys/health", "", ""); got.status != http.StatusOK {
		t.Errorf("bad ciphertexts made the seal unhealthy: %s", got.body)
	}
}

func TestUnavailableTokenIsRetryable(t *testing.T) {
	for name, fault := range map[string]error{
		"device": worker.ErrDevice, "login": worker.ErrPIN, "no key": worker.ErrNoKey, "ambiguous": worker.ErrAmbiguousKey,
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, never, nil)
			token := d.token(t, "one")
			good := d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":"eA=="}`)
			d.a.set(func(f *fakeToken) { f.fault = fault })
			text, _ := good.data["ciphertext"].(string)
			for path, body := range map[string]string{"encrypt": `{"plaintext":"eA=="}`, "decrypt": `{"ciphertext":"` + text + `"}`} {
				got := d.call(t, "PUT", "/v1/transit/"+path+"/one", token, body)
				if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "1" {
					t.Errorf("%s: %d, Retry-After %q, %s", path, got.status, got.header.Get("Retry-After"), got.body)
				}
			}
			if got := d.call(t, "PUT", "/v1/auth/token/renew-self", token, "{}"); got.status != http.StatusOK {
				t.Errorf("renewal needs the token: %d", got.status)
			}
			d.a.set(func(f *fakeToken) { f.fault = nil })
			if got := d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":"eA=="}`); got.status != http.StatusOK {
				t.Errorf("not back: %d %s", got.status, got.body)
			}
		})
	}
}

func TestPanicIsA500ThatNamesNothing(t *testing.T) {
	d := start(t, never, func(d *daemon) { d.config.Tenants = d.config.Tenants[:1] })
	token := d.token(t, "one")
	d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":"eA=="}`)
	d.a.set(func(f *fakeToken) { f.keys, f.panics = nil, true })
	got := d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":"eA=="}`)
	if got.status != http.StatusInternalServerError || got.errors[0] != "internal error" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if !strings.Contains(d.log.String(), "panic while serving") || strings.Contains(d.log.String(), "secret value") {
		t.Error("the log has no stack, or the panic's value")
	}
}

func TestClientTokensAreIssuedAndRevokedLive(t *testing.T) {
	d := start(t, never, nil)
	try := func(token string) int {
		return d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":""}`).status
	}
	if got := try("hsmseal.guess"); got != http.StatusForbidden {
		t.Fatalf("before any token exists: %d", got)
	}
	first, second := d.token(t, "one"), d.token(t, "one")
	if a, b := try(first), try(second); a != http.StatusOK || b != http.StatusOK {
		t.Fatalf("after issue: %d, %d", a, b)
	}
	path := filepath.Join(d.config.StateDir, "client-tokens", "one")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), first) {
		t.Fatal("the token is stored in clear")
	}
	lines := strings.SplitAfter(string(data), "\n")
	replace := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace(lines[0] + lines[2])
	if a, b := try(first), try(second); a != http.StatusForbidden || b != http.StatusOK {
		t.Errorf("after revoking the first: %d, %d", a, b)
	}
	replace("garbage")
	if got := try(second); got != http.StatusServiceUnavailable {
		t.Errorf("with a damaged file: %d", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := try(second); got != http.StatusForbidden {
		t.Errorf("with the file gone: %d", got)
	}
}

func TestPeerUIDOnlyNarrows(t *testing.T) {
	for _, test := range []struct {
		name   string
		uid    uint32
		status int
	}{
		{"own user", uint32(os.Getuid()), http.StatusOK},
		{"another user", uint32(os.Getuid()) + 1, http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := start(t, never, func(d *daemon) { d.config.Tenants[0].AllowedUIDs = []uint32{test.uid} })
			token := d.token(t, "one")
			if got := d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":""}`); got.status != test.status {
				t.Errorf("with token: %d", got.status)
			}
			if got := d.call(t, "PUT", "/v1/auth/token/renew-self", token, ""); got.status != test.status {
				t.Errorf("renewal: %d", got.status)
			}
			if got := d.call(t, "PUT", "/v1/transit/encrypt/one", "", `{"plaintext":""}`); got.status != http.StatusForbidden {
				t.Errorf("the uid alone: %d", got.status)
			}
		})
	}
}

// TestHealthOfOneCallerIsNoOthers: a caller that leaves has not found the seal
// ill for those who ask within the same second.
func TestHealthOfOneCallerIsNoOthers(t *testing.T) {
	server := hsmseal.NewServer(newOpener(testConfig(t), hclog.NewNullLogger(), newFakeToken("a"), newFakeToken("b")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, err := hsmseal.Listen(t.Context(), hsmseal.ListenerConfig{Path: filepath.Join(t.TempDir(), "s"), Mode: 0o600})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- server.Run(ctx, listener, never) }()
	left, leave := context.WithCancel(t.Context())
	leave()
	for _, caller := range []context.Context{left, t.Context()} {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequestWithContext(caller, "GET", "/v1/sys/health", nil))
		if recorder.Code != http.StatusOK {
			t.Errorf("got %d %s", recorder.Code, recorder.Body)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHealthIsARealRoundTrip(t *testing.T) {
	d := start(t, never, nil)
	got := d.call(t, "GET", "/v1/sys/health", "", "")
	if got.status != http.StatusOK || got.body != `{"status":"ok"}` || d.a.unwraps == 0 {
		t.Errorf("%d %s after %d unwraps", got.status, got.body, d.a.unwraps)
	}
	// The opener's clock stands still, so a second result comes from memory.
	before := d.a.unwraps
	d.call(t, "GET", "/v1/sys/health", "", "")
	if d.a.unwraps != before {
		t.Error("callers without a token can make the HSM work without bound")
	}
	sick := start(t, never, nil)
	sick.call(t, "PUT", "/v1/transit/encrypt/one", sick.token(t, "one"), `{"plaintext":""}`)
	sick.b.set(func(f *fakeToken) { f.fault = errors.New("detail for the log") })
	got = sick.call(t, "GET", "/v1/sys/health", "", "")
	if got.status != http.StatusServiceUnavailable || strings.Contains(got.body, "detail") || !strings.Contains(sick.log.String(), "detail") {
		t.Errorf("%d %s", got.status, got.body)
	}
}
