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
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cloudflare/circl/sign/schemes"

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
	operations := slices.Concat(layeredSymmetric(b, message), layeredClassical(b, message[:32]), layeredHPKE(b, message), layeredCircl(b, message))
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

// layeredHPKE are the hybrids and ML-KEM under HPKE, each with its published ciphersuite.
func layeredHPKE(b *testing.B, message []byte) []layered {
	b.Helper()
	var all []layered
	for _, s := range suite.All() {
		if s.HPKE == nil {
			continue
		}
		key := goldenKey(b, s)
		kem, kdf, aead := ciphersuite(b, s)
		private, err := kem.NewPrivateKey(key.Private().Bytes())
		if err != nil {
			b.Fatal(err)
		}
		public, sealed := private.PublicKey(), seal(b, key, suite.Params{}, message)
		all = append(all, layered{
			s.Name + "/encrypt",
			func() error { _, err := key.(suite.Encrypter).Seal(suite.Params{}, message); return err },
			func() error { _, err := hpke.Seal(public, kdf, aead, nil, message); return err },
		}, layered{
			s.Name + "/decrypt",
			func() error { _, err := key.(suite.Encrypter).Open(suite.Params{}, sealed); return err },
			func() error { _, err := hpke.Open(private, kdf, aead, nil, sealed); return err },
		})
	}
	return all
}

func ciphersuite(b *testing.B, s *suite.Suite) (hpke.KEM, hpke.KDF, hpke.AEAD) {
	b.Helper()
	kem, kemErr := hpke.NewKEM(s.HPKE.KEM)
	kdf, kdfErr := hpke.NewKDF(s.HPKE.KDF)
	aead, aeadErr := hpke.NewAEAD(s.HPKE.AEAD)
	if err := errors.Join(kemErr, kdfErr, aeadErr); err != nil {
		b.Fatal(err)
	}
	return kem, kdf, aead
}

// layeredCircl is ML-DSA, without fresh randomness and with the same key on both sides: how
// often it begins anew depends on both. Beside SLH-DSA's work no layer could be seen.
func layeredCircl(b *testing.B, message []byte) []layered {
	b.Helper()
	var all []layered
	for _, s := range suite.All() {
		scheme := schemes.ByName(s.Name) // in any case of letters
		if s.StoredAs != suite.NotCommunity || scheme == nil || s.Slow {
			continue
		}
		key := goldenKey(b, s)
		signer, params := key.(suite.Signer), suite.SignParams{Deterministic: true}
		signature, err := signer.Sign(params, message)
		if err != nil {
			b.Fatal(err)
		}
		public, private := scheme.DeriveKey(key.Private().Bytes())
		bareSignature := scheme.Sign(private, message, nil)
		all = append(all, layered{
			s.Name + "/sign",
			func() error { _, err := signer.Sign(params, message); return err },
			func() error { scheme.Sign(private, message, nil); return nil },
		}, layered{
			s.Name + "/verify",
			func() error { _, err := signer.Verify(params, message, signature); return err },
			func() error { scheme.Verify(public, message, bareSignature, nil); return nil },
		})
	}
	if len(all) < 6 {
		b.Fatalf("circl has %d of the operations", len(all))
	}
	return all
}
