package suite_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// compositeNames are the draft's names of what is registered.
var compositeNames = map[string]string{
	"id-ML-DSA-44":                 "ml-dsa-44",
	"id-ML-DSA-65":                 "ml-dsa-65",
	"id-ML-DSA-87":                 "ml-dsa-87",
	"id-MLDSA44-Ed25519-SHA512":    "hybrid-ml-dsa-44-ed25519",
	"id-MLDSA44-ECDSA-P256-SHA256": "hybrid-ml-dsa-44-ecdsa-p256",
	"id-MLDSA65-ECDSA-P256-SHA512": "hybrid-ml-dsa-65-ecdsa-p256",
	"id-MLDSA65-ECDSA-P384-SHA512": "hybrid-ml-dsa-65-ecdsa-p384",
	"id-MLDSA65-Ed25519-SHA512":    "hybrid-ml-dsa-65-ed25519",
	"id-MLDSA87-ECDSA-P384-SHA512": "hybrid-ml-dsa-87-ecdsa-p384",
	"id-MLDSA87-ECDSA-P521-SHA512": "hybrid-ml-dsa-87-ecdsa-p521",
}

// unregisteredComposites are in the draft, and no name of Vault's asks for them.
var unregisteredComposites = []string{
	"id-MLDSA44-RSA2048-PSS-SHA256",
	"id-MLDSA44-RSA2048-PKCS15-SHA256",
	"id-MLDSA65-RSA3072-PSS-SHA512",
	"id-MLDSA65-RSA3072-PKCS15-SHA512",
	"id-MLDSA65-RSA4096-PSS-SHA512",
	"id-MLDSA65-RSA4096-PKCS15-SHA512",
	"id-MLDSA65-ECDSA-brainpoolP256r1-SHA512",
	"id-MLDSA87-ECDSA-brainpoolP384r1-SHA512",
	"id-MLDSA87-Ed448-SHAKE256",
	"id-MLDSA87-RSA3072-PSS-SHA512",
	"id-MLDSA87-RSA4096-PSS-SHA512",
}

type compositeVector struct {
	Name         string `json:"tcId"`
	Public       []byte `json:"pk"`
	Certificate  []byte `json:"x5c"`
	Private      []byte `json:"sk"`
	PKCS8        []byte `json:"sk_pkcs8"`
	Signature    []byte `json:"s"`
	WithContext  []byte `json:"sWithContext"`
	Ciphertext   []byte `json:"c"`
	Secret       []byte `json:"k"`
	Decapsulator []byte `json:"dk"`
}

func TestCompositeSignatureVectors(t *testing.T) {
	var file struct {
		Message []byte            `json:"m"`
		Context []byte            `json:"ctx"`
		Tests   []compositeVector `json:"tests"`
	}
	readGzip(t, "composite-sigs/testvectors.json.gz", &file)
	ran, unregistered := map[string]string{}, []string(nil)
	for _, v := range file.Tests {
		name, registered := compositeNames[v.Name]
		if !registered {
			unregistered = append(unregistered, v.Name)
			continue
		}
		ran[v.Name] = name
		s := find(t, name)
		key := parse(t, s, v.Private)
		if !bytes.Equal(key.Public().Bytes(), v.Public) {
			t.Errorf("%s: another public key", name)
		}
		mustVerify(t, key, suite.SignParams{}, file.Message, v.Signature)
		mustVerify(t, key, suite.SignParams{Context: file.Context}, file.Message, v.WithContext)
		mustNotVerify(t, key, suite.SignParams{}, file.Message, v.WithContext)
		checkStandardForms(t, s, key, v)
	}
	if diff := cmp.Diff(compositeNames, ran); diff != "" {
		t.Errorf("vectors that ran (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(unregisteredComposites, unregistered); diff != "" {
		t.Errorf("composites nobody registers (-want +got):\n%s", diff)
	}
}

// checkStandardForms compares with the vector's PKCS#8 and with the public key
// in its certificate.
func checkStandardForms(t *testing.T, s *suite.Suite, key suite.Key, v compositeVector) {
	t.Helper()
	der, err := s.Encodings.PKCS8(key)
	if err != nil || !bytes.Equal(der.Bytes(), v.PKCS8) {
		t.Errorf("%s: another PKCS#8 (%v)", s.Name, err)
	}
	if again, err := s.Encodings.ParsePKCS8(v.PKCS8); err != nil || !again.Private().Equal(key.Private()) {
		t.Errorf("%s: the PKCS#8 gives another key (%v)", s.Name, err)
	}
	spki := subjectPublicKeyInfo(t, v.Certificate)
	if der, err := s.Encodings.PKIX(key); err != nil || !bytes.Equal(der, spki) {
		t.Errorf("%s: another SubjectPublicKeyInfo (%v)", s.Name, err)
	}
	if again, err := s.Encodings.ParsePKIX(spki); err != nil || again.Public().String() != key.Public().String() {
		t.Errorf("%s: the SubjectPublicKeyInfo gives another key (%v)", s.Name, err)
	}
}

func subjectPublicKeyInfo(t *testing.T, der []byte) []byte {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.RawSubjectPublicKeyInfo
}

// TestCompositeKEMVectors runs LAMPS's composite KEMs through our combiner:
// they are the same mechanisms with other private keys, so nobody registers
// them, and the rest of the file has halves that no suite has.
func TestCompositeKEMVectors(t *testing.T) {
	var file struct {
		Tests []compositeVector `json:"tests"`
	}
	readGzip(t, "composite-kem/testvectors.json.gz", &file)
	same := map[string]string{
		"id-MLKEM768-X25519-SHA3-256":     "x25519-mlkem768",
		"id-MLKEM768-ECDH-P256-SHA3-256":  "p256-mlkem768",
		"id-MLKEM1024-ECDH-P384-SHA3-256": "p384-mlkem1024",
	}
	pure := map[string]string{"id-alg-ml-kem-768": "ml-kem-768", "id-alg-ml-kem-1024": "ml-kem-1024"}
	ran := 0
	for _, v := range file.Tests {
		var secret []byte
		var err error
		if name, ok := pure[v.Name]; ok {
			var opened suite.Secret
			opened, err = parse(t, find(t, name), v.Decapsulator).(suite.Encapsulator).Decapsulate(v.Ciphertext)
			secret = opened.Bytes()
		} else if name, ok := same[v.Name]; ok {
			secret, err = suite.HybridDecapsulate(name, v.Decapsulator[:64], scalarOf(t, v.Decapsulator[64:]), v.Ciphertext)
		} else {
			continue
		}
		ran++
		if err != nil || !bytes.Equal(secret, v.Secret) {
			t.Errorf("%s: another secret (%v)", v.Name, err)
		}
	}
	if ran != 5 || len(file.Tests) != 14 {
		t.Errorf("ran %d of %d, want 5 of 14", ran, len(file.Tests))
	}
}

// scalarOf takes the private scalar out of ECPrivateKey, or raw bytes as they
// are.
func scalarOf(t *testing.T, private []byte) []byte {
	t.Helper()
	if len(private) == 32 {
		return private
	}
	var key struct {
		Version int
		Scalar  []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(private, &key); err != nil {
		t.Fatal(err)
	}
	return key.Scalar
}
