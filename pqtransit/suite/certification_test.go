package suite_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// requestTemplate is a request with a subject and extensions, by a key of its own.
func requestTemplate(tb testing.TB) *x509.CertificateRequest {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:         pkix.Name{CommonName: "orders", Organization: []string{"Palisade"}},
		DNSNames:        []string{"orders.example"},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 2, 7, 128}}},
	}, key)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificateRequest(der)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed
}

// signatureIdentifier is the identifier of a request's signature.
func signatureIdentifier(t *testing.T, der []byte) (oid asn1.ObjectIdentifier, parameters []byte) {
	t.Helper()
	var request struct {
		Info      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &request); err != nil || len(rest) > 0 {
		t.Fatalf("%v, %d bytes behind it", err, len(rest))
	}
	return request.Algorithm.Algorithm, request.Algorithm.Parameters.FullBytes
}

// Every suite that signs makes requests that carry its public key and verify; no other does.
func TestCertificationRequests(t *testing.T) {
	template, made := requestTemplate(t), 0
	for _, s := range suite.All() {
		key := goldenKey(t, s)
		if !signs(s) {
			if der, err := suite.CertificationRequest(s, key, nil); err == nil || der != nil || s.Certification != nil {
				t.Errorf("%s made a request", s.Name)
			}
			continue
		}
		made++
		for _, from := range [][]byte{nil, template.Raw} {
			if s.Slow && from == nil {
				continue
			}
			der, err := suite.CertificationRequest(s, key, from)
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			checkRequest(t, s, key, der, from)
		}
	}
	if made < 29 {
		t.Errorf("only %d suites sign", made)
	}
}

func checkRequest(t *testing.T, s *suite.Suite, key suite.Key, der, template []byte) {
	t.Helper()
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	public, err := s.Encodings.PKIX(key)
	if err != nil || !bytes.Equal(request.RawSubjectPublicKeyInfo, public) || !suite.IsPublicKey(s, key, public) {
		t.Errorf("%s: another public key, %v", s.Name, err)
	}
	if request.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm {
		if err := request.CheckSignature(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	mustVerify(t, key, s.Certification.Params, request.RawTBSCertificateRequest, request.Signature)
	// RFC 9881, RFC 9909 and the composite draft: the identifier is that of the public key.
	oid, parameters := signatureIdentifier(t, der)
	if request.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		if same, name := suite.IsPublicKeyType(s, key, public); !same || name != oid.String() || parameters != nil {
			t.Errorf("%s: signed as %s % x", s.Name, oid, parameters)
		}
	}
	want := &x509.CertificateRequest{}
	if template != nil {
		if want, err = x509.ParseCertificateRequest(template); err != nil {
			t.Fatal(err)
		}
	}
	if request.Subject.String() != want.Subject.String() || len(request.Extensions) != len(want.Extensions) {
		t.Errorf("%s: subject %s, %d extensions", s.Name, request.Subject, len(request.Extensions))
	}
}

// For the families that crypto/x509 knows, it signs the very same content.
func TestRequestsAreThoseOfX509(t *testing.T) {
	template := requestTemplate(t)
	for _, name := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"} {
		s := find(t, name)
		key := goldenKey(t, s)
		their := &x509.CertificateRequest{RawSubject: template.RawSubject, ExtraExtensions: template.Extensions}
		want, err := x509.CreateCertificateRequest(rand.Reader, their, key.Material())
		if err != nil {
			t.Fatal(err)
		}
		got, err := suite.CertificationRequest(s, key, template.Raw)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := x509.ParseCertificateRequest(got)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := x509.ParseCertificateRequest(want)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours.RawTBSCertificateRequest, theirs.RawTBSCertificateRequest) || ours.SignatureAlgorithm != theirs.SignatureAlgorithm {
			t.Errorf("%s: crypto/x509 makes another request", name)
		}
		if _, ours := signatureIdentifier(t, got); name == "rsa-2048" && !bytes.Equal(ours, []byte{5, 0}) {
			t.Errorf("parameters % x", ours)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	s := find(t, "ecdsa-p256")
	key := goldenKey(t, s)
	half, err := s.ParsePublic(key.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if der, err := suite.CertificationRequest(s, half, nil); err == nil || der != nil {
		t.Error("a public key signed")
	}
	template := requestTemplate(t).Raw
	for length := range len(template) {
		if der, err := suite.CertificationRequest(s, key, template[:length]); length > 0 && (err == nil || der != nil) {
			t.Errorf("made one of %d bytes of a template", length)
		}
	}
	if der, err := suite.CertificationRequest(s, key, append(bytes.Clone(template), 0)); err == nil || der != nil {
		t.Error("made one of a template with a byte behind it")
	}
}

// A certificate of the draft's vectors fits its own key and no other.
func TestPublicKeysInCertificates(t *testing.T) {
	var file struct{ Tests []compositeVector }
	readGzip(t, "composite-sigs/testvectors.json.gz", &file)
	fitted := 0
	for _, v := range file.Tests {
		certificate, err := x509.ParseCertificate(v.Certificate)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		info := certificate.RawSubjectPublicKeyInfo
		for _, other := range file.Tests {
			name, registered := compositeNames[other.Name]
			if !registered {
				continue
			}
			s := find(t, name)
			key := parse(t, s, other.Private)
			own := other.Name == v.Name
			if same, _ := suite.IsPublicKeyType(s, key, info); same != own || suite.IsPublicKey(s, key, info) != own {
				t.Errorf("the certificate of %s and the key of %s", v.Name, name)
			}
			if own {
				fitted++
			}
		}
	}
	if fitted != len(compositeNames) {
		t.Errorf("%d certificates fit", fitted)
	}
}

func TestPublicKeysOfOtherTypes(t *testing.T) {
	curve := find(t, "ecdsa-p256")
	key := goldenKey(t, curve)
	other := goldenKey(t, find(t, "ecdsa-p384")).Public().Bytes()
	if same, _ := suite.IsPublicKeyType(curve, key, other); !same || suite.IsPublicKey(curve, key, other) {
		t.Error("P-384 is the other curve of one type")
	}
	modulus, err := x509.MarshalPKIXPublicKey(&goldenKey(t, find(t, "rsa-2048")).Material().(*rsa.PrivateKey).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if same, name := suite.IsPublicKeyType(curve, key, modulus); same || name != "1.2.840.113549.1.1.1" {
		t.Errorf("RSA is ECDSA: %s", name)
	}
	if same, name := suite.IsPublicKeyType(curve, key, []byte("?")); same || name != "unknown" {
		t.Errorf("noise is ECDSA: %s", name)
	}
	if symmetric := find(t, "aes256-gcm96"); suite.IsPublicKey(symmetric, goldenKey(t, symmetric), modulus) {
		t.Error("a symmetric key has a public one")
	}
}

// FuzzRequestTemplate feeds templates: whatever is made of one parses and has its subject.
func FuzzRequestTemplate(f *testing.F) {
	s := find(f, "ecdsa-p256")
	key := goldenKey(f, s)
	plain, err := suite.CertificationRequest(s, key, nil)
	if err != nil {
		f.Fatal(err)
	}
	seeds := [][]byte{requestTemplate(f).Raw, plain}
	if len(seeds) == 0 || len(plain) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template []byte) {
		if template == nil {
			return
		}
		der, err := suite.CertificationRequest(s, key, template)
		if err != nil {
			return
		}
		made, err := x509.ParseCertificateRequest(der)
		if err != nil {
			t.Fatalf("%x gives one that does not parse: %v", template, err)
		}
		from, err := x509.ParseCertificateRequest(template)
		if err != nil || !bytes.Equal(made.RawSubject, from.RawSubject) {
			t.Errorf("%x gives another subject, %v", template, err)
		}
	})
}
