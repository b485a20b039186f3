package keyfile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/client/keyfile"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// made is a new key of a suite, of those that are made quickly.
func made(t testing.TB, algorithm *suite.Suite) suite.Key {
	t.Helper()
	key, err := algorithm.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func quick(t *testing.T, check func(*testing.T, *suite.Suite, suite.Key)) {
	t.Helper()
	count := 0
	for _, algorithm := range suite.All() {
		if strings.HasPrefix(algorithm.Name, "rsa-") && algorithm.Name != "rsa-2048" || algorithm.Slow && strings.HasSuffix(algorithm.Name, "s") {
			continue // making and checking these takes long
		}
		count++
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			check(t, algorithm, made(t, algorithm))
		})
	}
	if count < 30 {
		t.Fatalf("only %d suites", count)
	}
}

// Every private format of every suite reads to what an import takes, by itself and as told.
func TestReadOfEverySuite(t *testing.T) {
	quick(t, func(t *testing.T, algorithm *suite.Suite, key suite.Key) {
		for _, format := range algorithm.PrivateFormats() {
			text, err := algorithm.PrivateText(format, key)
			if err != nil {
				t.Fatal(err)
			}
			encoding := keyfile.Base64
			if format == "pem" {
				encoding = keyfile.PEM
			}
			for _, encoding := range []string{keyfile.Auto, encoding} {
				checkRead(t, algorithm, key, append(text.Bytes(), '\n'), encoding)
			}
			if format == "pem" {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(string(text.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			checkRead(t, algorithm, key, raw, keyfile.Raw)
			checkRead(t, algorithm, key, raw, keyfile.Auto)
		}
	})
}

func checkRead(t *testing.T, algorithm *suite.Suite, key suite.Key, content []byte, encoding string) {
	t.Helper()
	form, err := keyfile.Read(algorithm, content, encoding)
	if err != nil {
		t.Fatalf("%s: %v", encoding, err)
	}
	again, err := algorithm.ParsePrivate(form.Bytes())
	if err != nil || !again.Private().Equal(key.Private()) {
		t.Errorf("%s: another key, %v", encoding, err)
	}
}

func TestReadOfOlderForms(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"rsa-2048":   {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)},
		"ecdsa-p256": {Type: "EC PRIVATE KEY", Bytes: sec1},
	} {
		algorithm, _ := suite.Lookup(name)
		if _, err := keyfile.Read(algorithm, pem.EncodeToMemory(block), keyfile.Auto); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		block.Bytes = block.Bytes[1:]
		if _, err := keyfile.Read(algorithm, pem.EncodeToMemory(block), keyfile.Auto); err == nil || !strings.Contains(err.Error(), "malformed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	mldsa, _ := suite.Lookup("ml-dsa-44")
	aes, _ := suite.Lookup("aes256-gcm96")
	published := func(name string) []byte {
		content, err := os.ReadFile("../../suite/testdata/rfc-keys/ml-dsa/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for name, test := range map[string]struct {
		algorithm *suite.Suite
		content   []byte
		encoding  string
		want      string
	}{
		"empty":           {aes, nil, keyfile.Auto, "empty"},
		"short":           {aes, make([]byte, 31), keyfile.Auto, "no private key of type aes256-gcm96"},
		"not base64":      {aes, make([]byte, 32), keyfile.Base64, "not base64"},
		"not PEM":         {aes, make([]byte, 32), keyfile.PEM, "not one PEM block"},
		"two blocks":      {mldsa, bytes.Repeat(published("ML-DSA-44-seed.priv"), 2), keyfile.Auto, "not one PEM block"},
		"public":          {mldsa, published("ML-DSA-44.pub"), keyfile.Auto, "a PEM block of type PUBLIC KEY"},
		"another type":    {mldsa, published("ML-DSA-65-seed.priv"), keyfile.Auto, "of another type"},
		"expanded only":   {mldsa, published("ML-DSA-44-expanded.priv"), keyfile.Auto, "export it again in seed form"},
		"disagreeing":     {mldsa, published("bad-ML-DSA-44-1.priv"), keyfile.Auto, "do not belong together"},
		"of no encoding":  {aes, make([]byte, 32), "hex", "unknown encoding"},
		"raw PEM of ours": {mldsa, published("ML-DSA-44-seed.priv"), keyfile.Raw, "no private key"},
	} {
		if form, err := keyfile.Read(test.algorithm, test.content, test.encoding); err == nil || !form.IsZero() || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrap(t *testing.T) {
	algorithm, _ := suite.Lookup("ml-dsa-44")
	form := suite.NewSecret([]byte("the import form of some key"))
	for _, kind := range suite.WrappingTypes() {
		to, _ := suite.Lookup(kind)
		wrapping := made(t, to)
		text, err := keyfile.WrapHPKE(kind, wrapping.Public().String(), algorithm, form)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := byok.ParseHPKE(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parsed.Unwrap(wrapping, algorithm); err != nil || !got.Equal(form) {
			t.Errorf("%s: another key, %v", kind, err)
		}
		if text, err := keyfile.WrapHPKE(kind, "AAAA", algorithm, form); err == nil || text != "" {
			t.Errorf("%s: wrapped to nothing", kind)
		}
	}
	if text, err := keyfile.WrapHPKE("p256-mlkem768", "AAAA", algorithm, form); err == nil || text != "" {
		t.Error("wrapped to a type that wraps nothing")
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text, err := keyfile.WrapRSA(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), form)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := byok.Unwrap(private, byok.DefaultHash, raw); err != nil || !form.Equal(suite.NewSecret(got)) {
		t.Errorf("RSA: another key, %v", err)
	}
	for _, public := range []string{"", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if text, err := keyfile.WrapRSA(public, form); err == nil || text != "" {
			t.Errorf("wrapped to %q", public)
		}
	}
}

// FuzzRead holds that what reads is what an import takes.
func FuzzRead(f *testing.F) {
	names := []string{"aes256-gcm96", "ml-dsa-44", "ml-kem-768", "x25519-mlkem768", "ecdsa-p256", "ed25519", "hybrid-ml-dsa-44-ed25519"}
	seeds := 0
	for i, name := range names {
		algorithm, ok := suite.Lookup(name)
		if !ok {
			f.Fatal(name)
		}
		key := made(f, algorithm)
		for _, format := range algorithm.PrivateFormats() {
			text, err := algorithm.PrivateText(format, key)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), text.Bytes())
			seeds++
		}
	}
	if seeds < 15 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, number uint8, content []byte) {
		algorithm, _ := suite.Lookup(names[int(number)%len(names)])
		form, err := keyfile.Read(algorithm, content, keyfile.Auto)
		if err != nil {
			return
		}
		if _, err := algorithm.ParsePrivate(form.Bytes()); err != nil {
			t.Errorf("%s: %v", algorithm.Name, err)
		}
	})
}
