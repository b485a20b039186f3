package escrow_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
)

func newIdentity(t fatal, entity string) escrow.Identity {
	t.Helper()
	made, err := escrow.NewIdentity(entity, "x25519-mlkem768", "ml-dsa-65", now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestIdentityOpensWithItsPassphraseAlone(t *testing.T) {
	made := newIdentity(t, "entity-a")
	content, err := made.Seal([]byte("correct horse"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := escrow.OpenIdentity(content, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if !opened.Signing.Key.Private().Equal(made.Signing.Key.Private()) || !opened.Encryption.Key.Private().Equal(made.Encryption.Key.Private()) {
		t.Fatal("other keys came back")
	}
	if opened.Entity != made.Entity || !opened.Created.Equal(made.Created) {
		t.Fatalf("got %s of %s", opened.Entity, opened.Created)
	}
	if _, err := escrow.OpenIdentity(content, []byte("correct horsf")); err == nil {
		t.Fatal("another passphrase opens it")
	}
	if bytes.Contains(content, made.Signing.Key.Private().Bytes()) {
		t.Fatal("the file holds a seed in clear")
	}
	if text := fmt.Sprintf("%v %+v %#v", made, made, made); strings.Contains(text, fmt.Sprintf("%v", made.Signing.Key.Private().Bytes())) {
		t.Fatal("printing an identity shows its keys")
	}
}

// Every field is either the passphrase's own or bound to what it seals.
func TestChangedIdentityDoesNotOpen(t *testing.T) {
	content := read(t, "identity-v1.json")
	if _, err := escrow.OpenIdentity(content, []byte(goldenPassphrase)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct{ name, from, to string }{
		{"the entity", `"entity":"entity-a"`, `"entity":"entity-b"`},
		{"the time", `"created":"2026-`, `"created":"2027-`},
		{"the public key", `"suite":"ml-dsa-65"`, `"suite":"ml-dsa-87"`},
		{"the passes", `"passes":3`, `"passes":4`},
		{"too many passes", `"passes":3`, `"passes":65`},
		{"too much memory", `"memory_kib":65536`, `"memory_kib":4294967295`},
		{"no lanes", `"lanes":4`, `"lanes":0`},
		{"a field more", `"format":1`, `"format":1,"more":1`},
		{"the format", `"format":1`, `"format":2`},
	} {
		changed := bytes.Replace(content, []byte(change.from), []byte(change.to), 1)
		if bytes.Equal(changed, content) {
			t.Fatalf("%s: nothing to change", change.name)
		}
		if _, err := escrow.OpenIdentity(changed, []byte(goldenPassphrase)); err == nil {
			t.Errorf("%s changed, and it opens", change.name)
		}
	}
}

const goldenPassphrase = "golden passphrase"

func TestGoldenIdentity(t *testing.T) {
	if *update {
		content, err := newIdentity(t, "entity-a").Seal([]byte(goldenPassphrase), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		write(t, "identity-v1.json", content)
	}
	opened, err := escrow.OpenIdentity(read(t, "identity-v1.json"), []byte(goldenPassphrase))
	if err != nil || opened.Entity != "entity-a" {
		t.Fatalf("%s: %v", opened.Entity, err)
	}
}

func TestIdentitiesOfOtherTypesAreRefused(t *testing.T) {
	for _, c := range []struct{ encryption, signing string }{
		{"ml-kem-768", "ml-dsa-65"}, {"x25519-mlkem768", "ed25519"}, {"x25519-mlkem768", "ml-dsa-44"}, {"", ""},
	} {
		if _, err := escrow.NewIdentity("e", c.encryption, c.signing, now); err == nil || !strings.Contains(err.Error(), "use one of") {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestRegistrationProvesPossession(t *testing.T) {
	made := newIdentity(t, "entity-a")
	registration, err := made.Register("a-mount")
	if err != nil {
		t.Fatal(err)
	}
	if err := registration.Verify("a-mount", "entity-a"); err != nil {
		t.Fatal(err)
	}
	other := newIdentity(t, "entity-b")
	for name, change := range map[string]func(*escrow.Registration){
		"another's signing key":    func(r *escrow.Registration) { r.Signing = other.Signing.PublicKey() },
		"another's encryption key": func(r *escrow.Registration) { r.Encryption = other.Encryption.PublicKey() },
		"another entity":           func(r *escrow.Registration) { r.Entity = "entity-b" },
		"a changed signature":      func(r *escrow.Registration) { r.Signature = append([]byte{1}, r.Signature[1:]...) },
	} {
		changed := registration
		change(&changed)
		if err := changed.Verify("a-mount", changed.Entity); !errors.Is(err, escrow.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if registration.Verify("b-mount", "entity-a") == nil || registration.Verify("a-mount", "entity-b") == nil {
		t.Error("it serves elsewhere")
	}
}

func TestChallengeIsForItsKeyAlone(t *testing.T) {
	made := newIdentity(t, "entity-a")
	registration, err := made.Register("a-mount")
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := escrow.NewChallenge(registration, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := made.Answer("a-mount", challenge.Sealed)
	if err != nil || !challenge.Accepts(answer) {
		t.Fatalf("its own key does not answer: %v", err)
	}
	if challenge.Accepts(nil) || challenge.Accepts(challenge.Answer) || challenge.Accepts(challenge.Sealed) {
		t.Error("accepted without the key")
	}
	if _, err := newIdentity(t, "entity-a").Answer("a-mount", challenge.Sealed); err == nil {
		t.Error("another key answers")
	}
	if _, err := made.Answer("b-mount", challenge.Sealed); err == nil {
		t.Error("answered for another mount")
	}
}
