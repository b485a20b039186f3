package suite_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// forms are which encodings a suite has, in the words of docs/formats.md.
func forms(s *suite.Suite) string {
	e, names := s.Encodings, []string(nil)
	for _, form := range []struct {
		name  string
		there bool
	}{
		{"raw", e.Raw},
		{"spki", e.PKIX != nil && e.ParsePKIX != nil},
		{"pkcs8", e.PKCS8 != nil && e.ParsePKCS8 != nil},
		{"jwk", e.JWK != nil},
		{"age", e.AgeRecipient != nil},
	} {
		if form.there {
			names = append(names, form.name)
		}
	}
	return strings.Join(names, " ")
}

// TestEncodingsPerType is the table of docs/formats.md.
func TestEncodingsPerType(t *testing.T) {
	want, got := map[string]string{
		"ecdsa-p256": "spki pkcs8 jwk", "ecdsa-p384": "spki pkcs8 jwk", "ecdsa-p521": "spki pkcs8 jwk",
		"ed25519":  "spki pkcs8 jwk",
		"rsa-2048": "spki pkcs8 jwk", "rsa-3072": "spki pkcs8 jwk", "rsa-4096": "spki pkcs8 jwk",
		"ml-kem-512": "raw spki pkcs8 jwk", "ml-kem-768": "raw spki pkcs8 jwk", "ml-kem-1024": "raw spki pkcs8 jwk",
		"ml-dsa-44": "raw spki pkcs8 jwk", "ml-dsa-65": "raw spki pkcs8 jwk", "ml-dsa-87": "raw spki pkcs8 jwk",
		"x25519-mlkem768": "raw spki pkcs8 age",
		"p256-mlkem768":   "raw", "p384-mlkem1024": "raw",
		"hybrid-ml-dsa-44-ed25519": "raw spki pkcs8 jwk", "hybrid-ml-dsa-44-ecdsa-p256": "raw spki pkcs8 jwk",
		"hybrid-ml-dsa-65-ed25519": "raw spki pkcs8 jwk", "hybrid-ml-dsa-65-ecdsa-p256": "raw spki pkcs8 jwk",
		"hybrid-ml-dsa-65-ecdsa-p384": "raw spki pkcs8", "hybrid-ml-dsa-87-ecdsa-p384": "raw spki pkcs8 jwk",
		"hybrid-ml-dsa-87-ecdsa-p521": "raw spki pkcs8",
	}, map[string]string{}
	for _, s := range suite.All() {
		if s.Selector.Type == "slh-dsa" {
			want[s.Name] = "raw spki pkcs8"
		}
		if s.Asymmetric {
			got[s.Name] = forms(s)
		} else if forms(s) != "" {
			t.Errorf("%s has no public half, yet %s", s.Name, forms(s))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("encodings (-want +got):\n%s", diff)
	}
}

func TestStandardFormsRoundTrip(t *testing.T) {
	standard := func(s *suite.Suite) bool { return s.Encodings.PKCS8 != nil }
	forEach(t, standard, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		private, err := s.Encodings.PKCS8(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Encodings.ParsePKCS8(private.Bytes())
		if err != nil || !again.Private().Equal(key.Private()) {
			t.Errorf("PKCS#8 gives another key (%v)", err)
		}
		public, err := s.Encodings.PKIX(key)
		if err != nil {
			t.Fatal(err)
		}
		half, err := s.Encodings.ParsePKIX(public)
		if err != nil || half.Public().String() != key.Public().String() || !half.Private().IsZero() {
			t.Errorf("SubjectPublicKeyInfo gives another key (%v)", err)
		}
		if secret, err := s.Encodings.PKCS8(half); err == nil || !secret.IsZero() {
			t.Error("a public key has a PKCS#8")
		}
		if secret, err := s.Encodings.PrivatePEM(half); err == nil || !secret.IsZero() {
			t.Error("a public key has a private PEM")
		}
		refuseBroken(t, private.Bytes(), s.Encodings.ParsePKCS8)
		refuseBroken(t, public, s.Encodings.ParsePKIX)
		checkPEM(t, s, key, public, private)
	})
}

// refuseBroken truncates and extends.
func refuseBroken(t *testing.T, der []byte, parse func([]byte) (suite.Key, error)) {
	t.Helper()
	for length := 0; length < len(der); length += 1 + length/40 {
		if key, err := parse(der[:length]); err == nil || key != nil {
			t.Fatalf("parsed %d bytes of %d", length, len(der))
		}
	}
	if key, err := parse(append(bytes.Clone(der), 0)); err == nil || key != nil {
		t.Error("parsed with trailing data")
	}
}

func checkPEM(t *testing.T, s *suite.Suite, key suite.Key, public []byte, private suite.Secret) {
	t.Helper()
	text, err := s.Encodings.PublicPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.Encodings.PrivatePEM(key)
	if err != nil {
		t.Fatal(err)
	}
	publicBlock, _ := pem.Decode([]byte(text))
	privateBlock, _ := pem.Decode(secret.Bytes())
	if publicBlock == nil || publicBlock.Type != "PUBLIC KEY" || !bytes.Equal(publicBlock.Bytes, public) ||
		privateBlock == nil || privateBlock.Type != "PRIVATE KEY" || !bytes.Equal(privateBlock.Bytes, private.Bytes()) {
		t.Error("PEM is not the DER in its block")
	}
}

func TestNoPEMWithoutAStandard(t *testing.T) {
	s := find(t, "p256-mlkem768")
	if text, err := s.Encodings.PublicPEM(goldenKey(t, s)); err == nil || text != "" {
		t.Error("made a public PEM")
	}
	if secret, err := s.Encodings.PrivatePEM(goldenKey(t, s)); err == nil || !secret.IsZero() {
		t.Error("made a private PEM")
	}
}

// TestClassicalFormsAreTheLibrarys holds that x509 reads what we write.
func TestClassicalFormsAreTheLibrarys(t *testing.T) {
	for _, name := range []string{"rsa-2048", "ecdsa-p256", "ed25519"} {
		s := find(t, name)
		key := goldenKey(t, s)
		private, err := s.Encodings.PKCS8(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x509.ParsePKCS8PrivateKey(private.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJWK(t *testing.T) {
	withJWK := func(s *suite.Suite) bool { return s.Encodings.JWK != nil }
	algorithms := map[string]string{
		"ml-dsa-65": "ML-DSA-65", "ml-kem-768": "ML-KEM-768", "hybrid-ml-dsa-65-ecdsa-p256": "ML-DSA-65-ES256",
	}
	forEach(t, withJWK, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		text, err := s.Encodings.JWK(key)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]string
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(`"d"`)) || bytes.Contains(text, []byte(`"priv"`)) {
			t.Error("a public JWK has a private member")
		}
		if want, ok := algorithms[s.Name]; ok && members["alg"] != want {
			t.Errorf("alg %q, want %q", members["alg"], want)
		}
		if members["kty"] == "AKP" {
			raw, err := base64.RawURLEncoding.DecodeString(members["pub"])
			if err != nil || !bytes.Equal(raw, key.Public().Bytes()) {
				t.Errorf("pub is not the raw key (%v)", err)
			}
		}
	})
}

func TestAgeRecipient(t *testing.T) {
	var vector struct {
		Seed      hexBytes `json:"seed"`
		Recipient string   `json:"recipient"`
	}
	readJSON(t, "age.json", &vector)
	s := xwing(t)
	got, err := s.Encodings.AgeRecipient(parse(t, s, vector.Seed))
	if err != nil || got != vector.Recipient {
		t.Errorf("recipient %s (%v), want %s", got, err, vector.Recipient)
	}
}

// FuzzEncodings feeds the readers of standard forms: what parses as our own
// encoding encodes to the same bytes, and what parses has a key.
func FuzzEncodings(f *testing.F) {
	seeds := 0
	for i, s := range suite.All() {
		if s.Encodings.PKCS8 == nil {
			continue
		}
		private, err := s.Encodings.PKCS8(goldenKey(f, s))
		if err != nil {
			f.Fatal(err)
		}
		public, err := s.Encodings.PKIX(goldenKey(f, s))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), private.Bytes())
		f.Add(uint8(i), public)
		seeds++
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	all := suite.All()
	f.Fuzz(func(t *testing.T, number uint8, der []byte) {
		s := all[int(number)%len(all)]
		if s.Encodings.ParsePKIX == nil {
			return
		}
		if key, err := s.Encodings.ParsePKIX(der); err == nil {
			if again, err := s.Encodings.PKIX(key); err != nil || !bytes.Equal(again, der) {
				t.Errorf("%s: a public key parses and encodes otherwise", s.Name)
			}
		}
		if key, err := s.Encodings.ParsePKCS8(der); err == nil && key.Private().IsZero() {
			t.Errorf("%s: a private key parses to none", s.Name)
		}
	})
}
