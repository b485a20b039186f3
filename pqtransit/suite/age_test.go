package suite_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// wrapWithAge is what age's own library puts into a header for a recipient's text.
func wrapWithAge(t testing.TB, recipient string, fileKey []byte) (enc, body []byte) {
	t.Helper()
	parsed, err := age.ParseHybridRecipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	stanzas, err := parsed.Wrap(fileKey)
	if err != nil || len(stanzas) != 1 || stanzas[0].Type != "mlkem768x25519" {
		t.Fatalf("%d stanzas, %v", len(stanzas), err)
	}
	enc, err = base64.RawStdEncoding.DecodeString(stanzas[0].Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return enc, stanzas[0].Body
}

func TestAgeUnwrap(t *testing.T) {
	s := xwing(t)
	key, fileKey := goldenKey(t, s), []byte("sixteen byte key")
	recipient, err := s.Encodings.AgeRecipient(key)
	if err != nil {
		t.Fatal(err)
	}
	enc, body := wrapWithAge(t, recipient, fileKey)
	got, err := s.AgeUnwrap(key, enc, body)
	if err != nil || !bytes.Equal(got.Bytes(), fileKey) {
		t.Fatalf("%v", err)
	}
	refused := func(name, want string, key suite.Key, enc, body []byte) {
		t.Helper()
		if got, err := s.AgeUnwrap(key, enc, body); err == nil || !got.IsZero() || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("another key", "authentication failed", otherKey(t, s), enc, body)
	half, err := s.ParsePublic(key.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	refused("a public key", "private key not imported", half, enc, body)
	refused("a foreign key", "of another type", goldenKey(t, find(t, "ed25519")), enc, body)
	for _, length := range []int{0, 1, 1119} {
		refused("a short argument", "its argument has", key, enc[:length], body)
	}
	for _, length := range []int{0, 16, 31} {
		refused("a short body", "its body has", key, enc, body[:length])
	}
	refused("a long body", "its body has 33", key, enc, append(bytes.Clone(body), 0))
	for _, part := range [][]byte{enc, body} {
		for at := range part {
			part[at] ^= 1
			refused("a flip", "authentication failed", key, enc, body)
			part[at] ^= 1
		}
	}
}

// Neither side opens the other's ciphertexts, with the same info and sizes: the suite_id differs.
func TestAgeIsApartFromDecrypt(t *testing.T) {
	s := xwing(t)
	key := goldenKey(t, s)
	recipient, err := s.Encodings.AgeRecipient(key)
	if err != nil {
		t.Fatal(err)
	}
	params := suite.Params{Context: []byte("age-encryption.org/mlkem768x25519")}
	enc, body := wrapWithAge(t, recipient, make([]byte, 16))
	if got, err := key.(suite.Encrypter).Open(params, append(bytes.Clone(enc), body...)); err == nil {
		t.Errorf("decrypt opens a stanza: %x", got)
	}
	sealed := seal(t, key, params, make([]byte, 16))
	if got, err := s.AgeUnwrap(key, sealed[:1120], sealed[1120:]); err == nil {
		t.Errorf("age-unwrap opens a ciphertext: %v", got)
	}
}

func FuzzAgeUnwrap(f *testing.F) {
	s := xwing(f)
	key := goldenKey(f, s)
	recipient, err := s.Encodings.AgeRecipient(key)
	if err != nil {
		f.Fatal(err)
	}
	enc, body := wrapWithAge(f, recipient, make([]byte, 16))
	f.Add(enc, body)
	f.Add(enc[:1088], body)
	f.Add(body, enc)
	f.Fuzz(func(t *testing.T, enc, body []byte) {
		if got, err := s.AgeUnwrap(key, enc, body); err == nil && len(got.Bytes()) != 16 {
			t.Errorf("a file key of %d bytes", len(got.Bytes()))
		}
	})
}
