package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// FuzzImportForm parses anything as what an import brings: it is refused, or is a key whose
// own forms parse to the same key.
func FuzzImportForm(f *testing.F) {
	for _, seed := range importSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		for _, algorithm := range suite.All() {
			if _, err := algorithm.Parse(form); err == nil && algorithm.Slow {
				continue // to check it takes as long as to make a key
			}
			checkImported(t, algorithm)(parseImportForm(algorithm, suite.NewSecret(form)))
			if algorithm.Asymmetric {
				checkImported(t, algorithm)(parsePublic(algorithm, string(form)))
			}
		}
	})
}

func importSeeds(f *testing.F) [][]byte {
	f.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		f.Fatal(err)
	}
	seeds := [][]byte{nil, make([]byte, 32), der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}
	for _, name := range []string{"ml-kem-768", "ml-dsa-44", "x25519-mlkem768"} {
		algorithm, _ := suite.Lookup(name)
		key, err := algorithm.Generate()
		if err != nil {
			f.Fatal(err)
		}
		for _, format := range algorithm.PublicFormats() {
			text, err := algorithm.PublicText(format, key)
			if err != nil {
				f.Fatal(err)
			}
			seeds = append(seeds, []byte(text))
		}
		private, err := algorithm.Encodings.PKCS8(key)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, private.Bytes())
	}
	if len(seeds) < 15 {
		f.Fatalf("only %d seeds", len(seeds))
	}
	return seeds
}

func checkImported(t *testing.T, algorithm *suite.Suite) func(suite.Key, error) {
	return func(key suite.Key, err error) {
		t.Helper()
		var refusal *Refusal
		switch {
		case err != nil:
			if key != nil || !errors.As(err, &refusal) {
				t.Fatalf("%s: %v", algorithm.Name, err)
			}
		case key.Private().IsZero():
			again, err := algorithm.ParsePublic(key.Public().Bytes())
			if err != nil || again.Public().String() != key.Public().String() {
				t.Fatalf("%s: %v", algorithm.Name, err)
			}
		default:
			again, err := algorithm.Parse(key.Private().Bytes())
			if err != nil || !bytes.Equal(again.Private().Bytes(), key.Private().Bytes()) {
				t.Fatalf("%s: %v", algorithm.Name, err)
			}
		}
	}
}
