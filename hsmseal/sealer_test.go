package hsmseal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func open(t *testing.T, opener hsmseal.Opener, tenant string) *hsmseal.Sealer {
	t.Helper()
	config, ok := opener.Config.Tenant(tenant)
	if !ok {
		t.Fatalf("no tenant %q", tenant)
	}
	sealer, err := opener.OpenTenant(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func encrypt(t *testing.T, sealer *hsmseal.Sealer, plaintext string) string {
	t.Helper()
	text, err := sealer.Encrypt(t.Context(), []byte(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSealerSurvivesRestart(t *testing.T) {
	config, a, b := testConfig(t), newFakeToken("a"), newFakeToken("b")
	opener := newOpener(config, hclog.NewNullLogger(), a, b)
	first := open(t, opener, "two")
	text := encrypt(t, first, "unseal key")
	second := open(t, opener, "two")
	if a.made != 1 || b.made != 1 {
		t.Errorf("keys made: %d in a, %d in b, want one each", a.made, b.made)
	}
	if first.KeyID() != second.KeyID() {
		t.Errorf("key id changed from %s to %s: Vault would seal everything again", first.KeyID(), second.KeyID())
	}
	if got, err := second.Decrypt(t.Context(), text); err != nil || string(got) != "unseal key" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestFirstState freezes how CKA_IDs, key ids and token fingerprints are derived:
// a daemon that lost its state finds its keys by them.
func TestFirstState(t *testing.T) {
	config := testConfig(t)
	open(t, newOpener(config, hclog.NewNullLogger(), newFakeToken("a"), newFakeToken("b")), "two")
	data, err := os.ReadFile(statePath(config, "two"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/tenant-state-first.json", data)
}

func TestAnyTokenDecrypts(t *testing.T) {
	for _, dead := range []string{"a", "b"} {
		t.Run("without "+dead, func(t *testing.T) {
			tokens := map[string]*fakeToken{"a": newFakeToken("a"), "b": newFakeToken("b")}
			sealer := open(t, newOpener(testConfig(t), hclog.NewNullLogger(), tokens["a"], tokens["b"]), "two")
			text := encrypt(t, sealer, "x")
			tokens[dead].set(func(f *fakeToken) { f.fault = worker.ErrDevice })
			if got, err := sealer.Decrypt(t.Context(), text); err != nil || string(got) != "x" {
				t.Errorf("got %q, %v", got, err)
			}
			if _, err := sealer.Encrypt(t.Context(), nil); !errors.Is(err, worker.ErrDevice) {
				t.Errorf("a blob was made with fewer wraps than tokens: %v", err)
			}
		})
	}
	t.Run("without both", func(t *testing.T) {
		a, b := newFakeToken("a"), newFakeToken("b")
		sealer := open(t, newOpener(testConfig(t), hclog.NewNullLogger(), a, b), "two")
		text := encrypt(t, sealer, "x")
		a.set(func(f *fakeToken) { f.fault = worker.ErrCiphertext })
		b.set(func(f *fakeToken) { f.fault = worker.ErrDevice })
		if _, err := sealer.Decrypt(t.Context(), text); !errors.Is(err, worker.ErrDevice) {
			t.Errorf("a device's trouble hides behind another's refusal: %v", err)
		}
	})
}

func TestClonedTokenDecrypts(t *testing.T) {
	config, log := testConfig(t), &logBuffer{}
	a := newFakeToken("original")
	text := encrypt(t, open(t, newOpener(config, log.logger(), a, nil), "one"), "x")
	clone := newFakeToken("clone")
	clone.keys = a.keys
	sealer := open(t, newOpener(config, log.logger(), clone, nil), "one")
	if got, err := sealer.Decrypt(t.Context(), text); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if !strings.Contains(log.String(), "a clone or a restored backup") {
		t.Error("the change of token is not in the log")
	}
}

func TestForeignBlobsAreRefusedWithoutTheToken(t *testing.T) {
	a, b := newFakeToken("a"), newFakeToken("b")
	opener := newOpener(testConfig(t), hclog.NewNullLogger(), a, b)
	one, two := open(t, opener, "one"), open(t, opener, "two")
	text := encrypt(t, two, "two's")
	if _, err := one.Decrypt(t.Context(), text); !errors.Is(err, hsmseal.ErrUnknownVersion) {
		t.Errorf("another tenant's blob: %v", err)
	}
	if a.unwraps+b.unwraps != 0 {
		t.Error("a token was asked")
	}
}

func TestLostKeyIsNeverMadeAnew(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	opener := newOpener(config, hclog.NewNullLogger(), a, nil)
	open(t, opener, "one")
	fresh := newFakeToken("a")
	opener.Tokens["a"] = fresh
	_, err := opener.OpenTenant(t.Context(), config.Tenants[0])
	if !errors.Is(err, hsmseal.ErrKeyLost) || fresh.made != 0 {
		t.Fatalf("%d keys made, error %v", fresh.made, err)
	}
	for _, want := range []string{`tenant "one"`, `token "a"`, "restore the token from its backup", "no new key was made"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q: %v", want, err)
		}
	}
}

// TestOneTokenUnderTwoNames: a blob has one wrap for each token, so a token that
// is configured twice would let nothing be sealed.
func TestOneTokenUnderTwoNames(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	_, err := newOpener(config, hclog.NewNullLogger(), a, a).OpenTenant(t.Context(), config.Tenants[1])
	if err == nil || !strings.Contains(err.Error(), `tokens "a" and "b" are one`) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(config.StateDir, "tenants", "two.json")); err == nil {
		t.Error("state was written")
	}
	// Corrected, it takes the key that was made into use.
	sealer := open(t, newOpener(config, hclog.NewNullLogger(), a, newFakeToken("b")), "two")
	encrypt(t, sealer, "x")
}

func TestLostStateFindsTheKeyAgain(t *testing.T) {
	config, a, log := testConfig(t), newFakeToken("a"), &logBuffer{}
	opener := newOpener(config, log.logger(), a, nil)
	text := encrypt(t, open(t, opener, "one"), "x")
	if err := os.Remove(statePath(config, "one")); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, opener, "one").Decrypt(t.Context(), text); err != nil || string(got) != "x" || a.made != 1 {
		t.Errorf("got %q, %v, %d keys made", got, err, a.made)
	}
	if !strings.Contains(log.String(), "no state file names") {
		t.Error("taking a found key into use is not in the log")
	}
}

func TestFailedWriteOfStateLosesNothing(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	opener := newOpener(config, hclog.NewNullLogger(), a, nil)
	if err := os.Remove(filepath.Dir(statePath(config, "one"))); err != nil {
		t.Fatal(err)
	}
	if _, err := opener.OpenTenant(t.Context(), config.Tenants[0]); err == nil || !strings.Contains(err.Error(), "writing state") {
		t.Fatalf("got %v", err)
	}
	if err := hsmseal.PrepareStateDir(config); err != nil {
		t.Fatal(err)
	}
	open(t, opener, "one")
	if a.made != 1 {
		t.Errorf("%d keys made", a.made)
	}
}

func TestWeakKeyIsRefused(t *testing.T) {
	for _, first := range []bool{true, false} {
		config, a := testConfig(t), newFakeToken("a")
		opener := newOpener(config, hclog.NewNullLogger(), a, nil)
		if !first {
			open(t, opener, "one")
		}
		a.weak = []string{"CKA_EXTRACTABLE is true"}
		var weak *worker.WeakKeyError
		if _, err := opener.OpenTenant(t.Context(), config.Tenants[0]); !errors.As(err, &weak) || !strings.Contains(err.Error(), "CKA_EXTRACTABLE is true") {
			t.Errorf("first start %v: %v", first, err)
		}
		if _, err := os.Stat(statePath(config, "one")); first && err == nil {
			t.Error("state was written for a weak key")
		}
	}
}

func TestDamagedStateIsRefused(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	opener := newOpener(config, hclog.NewNullLogger(), a, nil)
	open(t, opener, "one")
	path := statePath(config, "one")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if err := os.WriteFile(path, good[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := opener.OpenTenant(t.Context(), config.Tenants[0])
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore it from a backup") {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if a.made != 1 {
		t.Errorf("%d keys made", a.made)
	}
}

func TestChangedConfigurationIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, want string
		change     func(*hsmseal.Config, map[string]worker.Token)
	}{
		{"mount path", "blobs are bound", func(c *hsmseal.Config, _ map[string]worker.Token) { c.Tenants[0].Binding.MountPath = "other" }},
		{"token added", `token "b" holds no key`, func(c *hsmseal.Config, _ map[string]worker.Token) { c.Tenants[0].Tokens = []string{"a", "b"} }},
		{"token gone", "is not configured", func(_ *hsmseal.Config, tokens map[string]worker.Token) { delete(tokens, "a") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			opener := newOpener(testConfig(t), hclog.NewNullLogger(), newFakeToken("a"), newFakeToken("b"))
			open(t, opener, "one")
			test.change(&opener.Config, opener.Tokens)
			if _, err := opener.OpenTenant(t.Context(), opener.Config.Tenants[0]); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReadOnlyMakesNothing(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	opener := newOpener(config, hclog.NewNullLogger(), a, nil)
	opener.ReadOnly = true
	if _, err := opener.OpenTenant(t.Context(), config.Tenants[0]); err == nil || a.made != 0 {
		t.Errorf("%d keys made, error %v", a.made, err)
	}
	if _, err := os.Stat(statePath(config, "one")); err == nil {
		t.Error("state was written")
	}
}

func TestTamperedTextIsTheCallersFault(t *testing.T) {
	sealer := open(t, newOpener(testConfig(t), hclog.NewNullLogger(), newFakeToken("a"), nil), "one")
	text := encrypt(t, sealer, "unseal key")
	for n := range text {
		if _, err := sealer.Decrypt(t.Context(), text[:n]); !errors.Is(err, envelope.ErrInvalid) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		changed := []byte(text)
		changed[n] ^= 1
		_, err := sealer.Decrypt(t.Context(), string(changed))
		if !errors.Is(err, envelope.ErrInvalid) && !errors.Is(err, worker.ErrCiphertext) {
			t.Fatalf("byte %d changed: %v", n, err)
		}
	}
}

func statePath(config hsmseal.Config, tenant string) string {
	return filepath.Join(config.StateDir, "tenants", tenant+".json")
}
