package byok_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"github.com/palisade-vault/palisade/pqtransit/byok"
)

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func hashOf(t testing.TB, name string) byok.Hash {
	t.Helper()
	found, err := byok.ParseHash(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRoundTrip(t *testing.T) {
	private := newKey(t)
	for _, name := range []string{"SHA1", "SHA224", "SHA256", "sha256", "SHA384", "Sha512"} {
		for _, size := range []int{16, 17, 32, 64, 512, 2370, 8192} {
			key := bytes.Repeat([]byte{7}, size)
			wrapped, err := byok.Wrap(&private.PublicKey, hashOf(t, name), key)
			if err != nil {
				t.Fatalf("%s, %d: %v", name, size, err)
			}
			got, err := byok.Unwrap(private, hashOf(t, name), wrapped)
			if err != nil || !bytes.Equal(got, key) {
				t.Errorf("%s, %d: %d bytes, %v", name, size, len(got), err)
			}
		}
	}
}

func TestUnwrapRefuses(t *testing.T) {
	private := newKey(t)
	wrapped, err := byok.Wrap(&private.PublicKey, hashOf(t, "SHA256"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for length := range wrapped {
		want := "does not unwrap"
		if length <= 256 {
			want = "too short"
		}
		if got, err := byok.Unwrap(private, hashOf(t, "SHA256"), wrapped[:length]); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("first %d bytes: %v", length, err)
		}
	}
	for at := range wrapped {
		damaged := bytes.Clone(wrapped)
		damaged[at] ^= 1
		if got, err := byok.Unwrap(private, hashOf(t, "SHA256"), damaged); got != nil || err == nil {
			t.Fatalf("flip at %d: %v", at, err)
		}
	}
	for name, unwrap := range map[string]func() ([]byte, error){
		"another hash": func() ([]byte, error) { return byok.Unwrap(private, hashOf(t, "SHA384"), wrapped) },
		"another key":  func() ([]byte, error) { return byok.Unwrap(newKey(t), hashOf(t, "SHA256"), wrapped) },
		"longer": func() ([]byte, error) {
			return byok.Unwrap(private, hashOf(t, "SHA256"), append(bytes.Clone(wrapped), make([]byte, 8)...))
		},
		"AES-128": func() ([]byte, error) { return byok.Unwrap(private, hashOf(t, "SHA256"), underAES128(t, private)) },
	} {
		if got, err := unwrap(); got != nil || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// underAES128 is what other clients of CKM_RSA_AES_KEY_WRAP may make, and transit refuses.
func underAES128(t testing.TB, private *rsa.PrivateKey) []byte {
	t.Helper()
	transport := make([]byte, 16)
	first, err := rsa.EncryptOAEP(hashOf(t, "SHA256")(), rand.Reader, &private.PublicKey, transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	kwp, err := subtle.NewKWP(transport)
	if err != nil {
		t.Fatal(err)
	}
	second, err := kwp.Wrap(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return append(first, second...)
}

func TestWrapRefuses(t *testing.T) {
	private := newKey(t)
	for _, size := range []int{0, 15, 8193} {
		if _, err := byok.Wrap(&private.PublicKey, hashOf(t, "SHA256"), make([]byte, size)); err == nil {
			t.Errorf("wrapped %d bytes", size)
		}
	}
	if _, err := byok.ParseHash("SHA3"); err == nil || err.Error() != "unknown hash function: SHA3" {
		t.Error(err)
	}
}
