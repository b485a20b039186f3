package suite_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"math"
	"math/big"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func rsaSuite(t *testing.T) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup("rsa-4096")
	if !ok {
		t.Fatal("not registered")
	}
	return s
}

func TestRSAPaddingSchemes(t *testing.T) {
	s := rsaSuite(t)
	key := goldenKey(t, s)
	for _, scheme := range s.PaddingSchemes {
		params := suite.Params{PaddingScheme: scheme}
		mustOpen(t, key, params, seal(t, key, params, []byte("x")), []byte("x"))
	}
	mustOpen(t, key, suite.Params{PaddingScheme: s.PaddingSchemes[0]}, seal(t, key, suite.Params{}, []byte("x")), []byte("x"))
	// One in some hundred OAEP ciphertexts looks like PKCS #1 v1.5 and opens to noise.
	opened, err := key.(suite.Encrypter).Open(suite.Params{PaddingScheme: "pkcs1v15"}, seal(t, key, suite.Params{}, []byte("x")))
	if err == nil && string(opened) == "x" {
		t.Error("OAEP opens as PKCS #1 v1.5")
	}
	mustRefuse(t, key, suite.Params{}, seal(t, key, suite.Params{PaddingScheme: "pkcs1v15"}, []byte("x")))
}

func TestRSARefuses(t *testing.T) {
	refuseParams(t, goldenKey(t, rsaSuite(t)), map[string]suite.Params{
		"associated data":        {AssociatedData: []byte("row 17")},
		"unknown padding scheme": {PaddingScheme: "none"},
		"upper case":             {PaddingScheme: "OAEP"},
		"convergent":             {Convergent: 3},
		"nonce":                  {Nonce: make([]byte, 12)},
	})
}

func TestRSALongestPlaintext(t *testing.T) {
	key := goldenKey(t, rsaSuite(t))
	for scheme, longest := range map[string]int{"oaep": 512 - 2*32 - 2, "pkcs1v15": 512 - 11} {
		params := suite.Params{PaddingScheme: scheme}
		plaintext := bytes.Repeat([]byte{1}, longest)
		mustOpen(t, key, params, seal(t, key, params, plaintext), plaintext)
		if _, err := key.(suite.Encrypter).Seal(params, append(plaintext, 1)); err == nil {
			t.Errorf("%s: sealed %d bytes", scheme, longest+1)
		}
	}
}

func TestRSAPublicTextIsPEM(t *testing.T) {
	key := goldenKey(t, rsaSuite(t))
	block, rest := pem.Decode([]byte(key.Public().String()))
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 || !bytes.Equal(block.Bytes, key.Public().Bytes()) {
		t.Errorf("not one PEM block of the PKIX form:\n%s", key.Public())
	}
}

// TestRSAMaterialFromStorage takes a key as it comes out of keysutil's JSON:
// without the values that speed decryption up.
func TestRSAMaterialFromStorage(t *testing.T) {
	s := rsaSuite(t)
	key := goldenKey(t, s)
	stored := key.Material().(*rsa.PrivateKey)
	text, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	bare := new(rsa.PrivateKey)
	if err := json.Unmarshal(text, bare); err != nil {
		t.Fatal(err)
	}
	bare.Precomputed = rsa.PrecomputedValues{}
	again, err := s.FromMaterial(bare)
	if err != nil {
		t.Fatal(err)
	}
	mustOpen(t, again, suite.Params{}, seal(t, key, suite.Params{}, []byte("x")), []byte("x"))
	if bare.Precomputed.Dp != nil {
		t.Error("the caller's key was changed")
	}
	if again.Material().(*rsa.PrivateKey).Precomputed.Dp == nil {
		t.Error("the key computes its CRT values at every decryption")
	}
}

func TestRSAPublicMaterial(t *testing.T) {
	s := rsaSuite(t)
	key := goldenKey(t, s)
	public := &key.Material().(*rsa.PrivateKey).PublicKey
	half, err := s.FromMaterial(public)
	if err != nil {
		t.Fatal(err)
	}
	mustOpen(t, key, suite.Params{}, seal(t, half, suite.Params{}, []byte("x")), []byte("x"))
	mustRefuse(t, half, suite.Params{}, seal(t, half, suite.Params{}, []byte("x")))
	if !half.Private().IsZero() || half.Material() != any(public) {
		t.Error("an imported public key stays what it is")
	}
}

func TestRSARefusesOtherKeys(t *testing.T) {
	s := rsaSuite(t)
	good := goldenKey(t, s).Material().(*rsa.PrivateKey)
	short, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wrong := &rsa.PrivateKey{PublicKey: good.PublicKey, D: new(big.Int).Add(good.D, big.NewInt(2)), Primes: good.Primes}
	for name, material := range map[string]any{
		"2048 bits":             short,
		"2048 bits, public":     &short.PublicKey,
		"nil":                   (*rsa.PrivateKey)(nil),
		"nil, public":           (*rsa.PublicKey)(nil),
		"empty":                 &rsa.PrivateKey{},
		"empty, public":         &rsa.PublicKey{},
		"no primes":             &rsa.PrivateKey{PublicKey: good.PublicKey, D: good.D},
		"exponent of other key": wrong,
		"even public exponent":  &rsa.PublicKey{N: good.N, E: 2},
		"huge public exponent":  &rsa.PublicKey{N: good.N, E: math.MaxInt32 + 2},
		"even modulus":          &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(good.N.BitLen()-1)), E: 65537},
		"negative modulus": &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: new(big.Int).Neg(good.N), E: good.E}, D: good.D, Primes: good.Primes,
		},
		"bytes": []byte("bytes"),
	} {
		if key, err := s.FromMaterial(material); err == nil || key != nil {
			t.Errorf("%s: took the material", name)
		}
	}
	for name, key := range map[string]any{"2048 bits": short, "ECDSA": curve} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := s.Parse(der); err == nil || key != nil {
			t.Errorf("%s: parsed the private key", name)
		}
	}
	for name, key := range map[string]any{"2048 bits": &short.PublicKey, "ECDSA": &curve.PublicKey} {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := s.ParsePublic(der); err == nil || key != nil {
			t.Errorf("%s: parsed the public key", name)
		}
	}
}

// TestRSAPublicFormIsCanonical shifts the key by a bit within its BIT STRING,
// which x509 shifts back.
func TestRSAPublicFormIsCanonical(t *testing.T) {
	s := rsaSuite(t)
	var form struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(goldenKey(t, s).Public().Bytes(), &form); err != nil {
		t.Fatal(err)
	}
	form.Key.Bytes = new(big.Int).Lsh(new(big.Int).SetBytes(form.Key.Bytes), 1).Bytes()
	form.Key.BitLength--
	shifted, err := asn1.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKIXPublicKey(shifted); err != nil {
		t.Fatalf("x509 refuses it by itself: %v", err)
	}
	if key, err := s.ParsePublic(shifted); err == nil || key != nil {
		t.Error("took a public key in another encoding")
	}
}
