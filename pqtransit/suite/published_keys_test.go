package suite_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// readPEM is the DER of a file of testdata.
func readPEM(t *testing.T, name string) []byte {
	t.Helper()
	vectorFiles.Store(name, true)
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is no PEM", name)
	}
	return block.Bytes
}

// TestPublishedKeys reads every key of the RFCs' and drafts' appendices: seeds
// give the public key, seed and expanded key together do too, an expanded key
// alone and the deliberately bad ones do not.
func TestPublishedKeys(t *testing.T) {
	const expandedOnly, disagree = "only its expanded form", "do not belong together"
	tests := []struct{ suite, private, public, refusal string }{
		{"slh-dsa-sha2-128s", "rfc-keys/slh-dsa/id-slh-dsa-sha2-128s.priv", "rfc-keys/slh-dsa/id-slh-dsa-sha2-128s.pub", ""},
		{"x25519-mlkem768", "xwing/xwing.priv", "xwing/xwing.pub", ""},
		{"ml-dsa-44", "rfc-keys/ml-dsa/bad-ML-DSA-44-1.priv", "", disagree},
		{"ml-dsa-44", "rfc-keys/ml-dsa/bad-ML-DSA-44-2.priv", "", expandedOnly},
		{"ml-dsa-44", "rfc-keys/ml-dsa/bad-ML-DSA-44-3.priv", "", expandedOnly},
		{"ml-kem-512", "rfc-keys/ml-kem/bad-ML-KEM-512-1.priv", "", disagree},
		{"ml-kem-512", "rfc-keys/ml-kem/bad-ML-KEM-512-2.priv", "", expandedOnly},
		{"ml-kem-512", "rfc-keys/ml-kem/bad-ML-KEM-512-3.priv", "", expandedOnly},
		{"ml-kem-512", "rfc-keys/ml-kem/bad-ML-KEM-512-4.priv", "", disagree},
		{"ml-dsa-65", "rfc-keys/ml-dsa/ML-DSA-44-seed.priv", "", "of another type"},
		{"ml-kem-768", "rfc-keys/ml-dsa/ML-DSA-44-seed.priv", "", "of another type"},
	}
	for _, set := range []string{"ml-dsa/ML-DSA-44", "ml-dsa/ML-DSA-65", "ml-dsa/ML-DSA-87", "ml-kem/ML-KEM-512", "ml-kem/ML-KEM-768", "ml-kem/ML-KEM-1024"} {
		name, path := strings.ToLower(filepath.Base(set)), "rfc-keys/"+set
		for _, form := range []struct{ suffix, refusal string }{{"-seed.priv", ""}, {"-both.priv", ""}, {"-expanded.priv", expandedOnly}} {
			tests = append(tests, struct{ suite, private, public, refusal string }{name, path + form.suffix, path + ".pub", form.refusal})
		}
	}
	for _, test := range tests {
		t.Run(test.suite+"/"+filepath.Base(test.private), func(t *testing.T) {
			s := find(t, test.suite)
			key, err := s.Encodings.ParsePKCS8(readPEM(t, test.private))
			if test.refusal != "" {
				if err == nil || key != nil || !strings.Contains(err.Error(), test.refusal) {
					t.Errorf("error %v, want one with %q", err, test.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			spki, err := s.Encodings.PKIX(key)
			if err != nil || !bytes.Equal(spki, readPEM(t, test.public)) {
				t.Errorf("another public key (%v)", err)
			}
			checkSeedForm(t, s, key, test.private)
		})
	}
	if len(tests) != 11+6*3 {
		t.Errorf("%d tests", len(tests))
	}
}

// checkSeedForm holds that what we write is the published seed form.
func checkSeedForm(t *testing.T, s *suite.Suite, key suite.Key, file string) {
	t.Helper()
	der, err := s.Encodings.PKCS8(key)
	if err != nil {
		t.Fatal(err)
	}
	if want := readPEM(t, strings.Replace(file, "-both", "-seed", 1)); !bytes.Equal(der.Bytes(), want) {
		t.Error("our PKCS#8 is not the published one")
	}
}

// bothForm is PKCS#8 with seed and expanded key.
func bothForm(t *testing.T, s *suite.Suite, seed, expanded []byte) []byte {
	t.Helper()
	private, err := s.Encodings.PKCS8(parse(t, s, seed))
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Version   int
		Algorithm asn1.RawValue
		Private   []byte
	}
	if _, err := asn1.Unmarshal(private.Bytes(), &info); err != nil {
		t.Fatal(err)
	}
	if info.Private, err = asn1.Marshal(struct{ Seed, Expanded []byte }{seed, expanded}); err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
