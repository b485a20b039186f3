package suite_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/cloudflare/circl/sign/mldsa/mldsa65"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// layered is one operation through a suite, and the library's calls that it comes down to.
type layered struct {
	name        string
	suite, bare func() error
}

// BenchmarkLayer reports what a suite costs over the bare library, as a ratio: both take turns
// in short blocks, so that what else the machine does hits both alike. The ratio is that of
// the medians.
func BenchmarkLayer(b *testing.B) {
	message := make([]byte, 1024)
	operations := slices.Concat(layeredSymmetric(b, message), layeredClassical(b, message[:32]), layeredHybrid(b, message), layeredMLDSA(b, message))
	for _, o := range operations {
		b.Run(o.name, func(b *testing.B) {
			block := max(1, int(time.Millisecond/timed(b, 3, o.bare)))
			var suites, bares []float64
			for b.Loop() {
				suites = append(suites, float64(timed(b, block, o.suite)))
				bares = append(bares, float64(timed(b, block, o.bare)))
			}
			slices.Sort(suites)
			slices.Sort(bares)
			b.ReportMetric(suites[len(suites)/2]/bares[len(bares)/2], "suite/bare")
			b.ReportMetric(suites[0]/bares[0], "best/best")
			b.ReportMetric(bares[0]/1000, "bare-µs")
		})
	}
}

// timed is the time of one call.
func timed(b *testing.B, calls int, call func() error) time.Duration {
	b.Helper()
	began := time.Now()
	for range calls {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
	return max(1, time.Since(began)/time.Duration(calls))
}

func keyOf(b *testing.B, name string) suite.Key {
	b.Helper()
	s, known := suite.Lookup(name)
	if !known {
		b.Fatalf("no suite %s", name)
	}
	return goldenKey(b, s)
}

func layeredSymmetric(b *testing.B, message []byte) []layered {
	b.Helper()
	key := keyOf(b, "aes256-gcm96")
	block, err := aes.NewCipher(key.Private().Bytes())
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	sealed := seal(b, key, suite.Params{}, message)
	return []layered{
		{
			"aes256-gcm96/encrypt",
			func() error { _, err := key.(suite.Encrypter).Seal(suite.Params{}, message); return err },
			func() error {
				nonce := make([]byte, 12, 12+len(message)+16)
				_, err := rand.Read(nonce)
				gcm.Seal(nonce, nonce, message, nil)
				return err
			},
		},
		{
			"aes256-gcm96/decrypt",
			func() error { _, err := key.(suite.Encrypter).Open(suite.Params{}, sealed); return err },
			func() error { _, err := gcm.Open(nil, sealed[:12], sealed[12:], nil); return err },
		},
	}
}

func layeredClassical(b *testing.B, message []byte) []layered {
	b.Helper()
	rsaKey, ecKey, edKey := keyOf(b, "rsa-2048"), keyOf(b, "ecdsa-p256"), keyOf(b, "ed25519")
	rsaPrivate, ecPrivate := rsaKey.Material().(*rsa.PrivateKey), ecKey.Material().(*ecdsa.PrivateKey)
	edPrivate := ed25519.PrivateKey(edKey.Material().([]byte))
	sealed := seal(b, rsaKey, suite.Params{}, message)
	sign := func(key suite.Key) func() error {
		return func() error { _, err := key.(suite.Signer).Sign(suite.SignParams{}, message); return err }
	}
	return []layered{
		{
			"rsa-2048/decrypt",
			func() error { _, err := rsaKey.(suite.Encrypter).Open(suite.Params{}, sealed); return err },
			func() error { _, err := rsa.DecryptOAEP(sha256.New(), nil, rsaPrivate, sealed, nil); return err },
		},
		{
			"rsa-2048/sign", sign(rsaKey),
			func() error {
				digest := sha256.Sum256(message)
				_, err := rsa.SignPSS(rand.Reader, rsaPrivate, crypto.SHA256, digest[:], nil)
				return err
			},
		},
		{
			"ecdsa-p256/sign", sign(ecKey),
			func() error {
				digest := sha256.Sum256(message)
				_, err := ecdsa.SignASN1(rand.Reader, ecPrivate, digest[:])
				return err
			},
		},
		{"ed25519/sign", sign(edKey), func() error { ed25519.Sign(edPrivate, message); return nil }},
	}
}

func layeredHybrid(b *testing.B, message []byte) []layered {
	b.Helper()
	key := keyOf(b, "x25519-mlkem768")
	kem, kdf, aead := hpke.MLKEM768X25519(), hpke.HKDFSHA256(), hpke.AES256GCM()
	private, err := kem.NewPrivateKey(key.Private().Bytes())
	if err != nil {
		b.Fatal(err)
	}
	public, sealed := private.PublicKey(), seal(b, key, suite.Params{}, message)
	return []layered{
		{
			"x25519-mlkem768/encrypt",
			func() error { _, err := key.(suite.Encrypter).Seal(suite.Params{}, message); return err },
			func() error { _, err := hpke.Seal(public, kdf, aead, nil, message); return err },
		},
		{
			"x25519-mlkem768/decrypt",
			func() error { _, err := key.(suite.Encrypter).Open(suite.Params{}, sealed); return err },
			func() error { _, err := hpke.Open(private, kdf, aead, nil, sealed); return err },
		},
	}
}

func layeredMLDSA(b *testing.B, message []byte) []layered {
	b.Helper()
	key := keyOf(b, "ml-dsa-65")
	var seed [mldsa65.SeedSize]byte
	copy(seed[:], key.Private().Bytes())
	public, private := mldsa65.NewKeyFromSeed(&seed)
	signature := make([]byte, mldsa65.SignatureSize)
	// Deterministic: how often signing begins anew depends on the randomness.
	params := suite.SignParams{Deterministic: true}
	if err := mldsa65.SignTo(private, message, nil, false, signature); err != nil {
		b.Fatal(err)
	}
	return []layered{
		{
			"ml-dsa-65/sign",
			func() error { _, err := key.(suite.Signer).Sign(params, message); return err },
			func() error {
				return mldsa65.SignTo(private, message, nil, false, make([]byte, mldsa65.SignatureSize))
			},
		},
		{
			"ml-dsa-65/verify",
			func() error { _, err := key.(suite.Signer).Verify(params, message, signature); return err },
			func() error { mldsa65.Verify(public, message, nil, signature); return nil },
		},
	}
}
