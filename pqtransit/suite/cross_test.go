package suite_test

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"testing"

	"filippo.io/mldsa"
	"filippo.io/mldsa/mldsacrypto"
	"github.com/cloudflare/circl/sign/schemes"
	"pgregory.net/rapid"

	circlsign "github.com/cloudflare/circl/sign"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// externalMu is mu of FIPS 204, algorithm 7, line 6.
func externalMu(public, context, message []byte) []byte {
	tr := sha3.SumSHAKE256(public, 64)
	input := append(tr, 0, byte(len(context)))
	input = append(append(input, context...), message...)
	return sha3.SumSHAKE256(input, 64)
}

var mldsaParameters = map[string]mldsa.Parameters{
	"ml-dsa-44": mldsa.MLDSA44(), "ml-dsa-65": mldsa.MLDSA65(), "ml-dsa-87": mldsa.MLDSA87(),
}

// TestMLDSAAgainstOthers holds, over random keys, messages and contexts, that
// ours, circl and filippo.io/mldsa make the same keys, and that what one signs
// the others verify, from the message and from mu.
func TestMLDSAAgainstOthers(t *testing.T) {
	for name, parameters := range mldsaParameters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := find(t, name)
			scheme := schemes.ByName(parameters.String())
			rapid.Check(t, func(t *rapid.T) {
				seed := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
				message := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
				context := rapid.SliceOfN(rapid.Byte(), 0, 255).Draw(t, "context")
				ours, err := s.Parse(seed)
				if err != nil {
					t.Fatal(err)
				}
				other, err := mldsa.NewPrivateKey(parameters, seed)
				if err != nil || !bytes.Equal(other.PublicKey().Bytes(), ours.Public().Bytes()) {
					t.Fatalf("another public key (%v)", err)
				}
				crossSign(t, ours.(suite.Signer), other, scheme, seed, message, context)
			})
		})
	}
}

func crossSign(t *rapid.T, ours suite.Signer, other *mldsa.PrivateKey, scheme circlsign.Scheme, seed, message, context []byte) {
	params := suite.SignParams{Context: context}
	mu := externalMu(other.PublicKey().Bytes(), context, message)
	public, _ := scheme.DeriveKey(seed)

	fromMessage, err1 := ours.Sign(params, message)
	fromMu, err2 := ours.Sign(suite.SignParams{ExternalMu: true}, mu)
	theirs, err3 := other.Sign(nil, message, &mldsa.Options{Context: string(context)})
	theirsMu, err4 := other.Sign(nil, mu, mldsacrypto.MLDSAMu)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		t.Fatal(err1, err2, err3, err4)
	}
	for i, signature := range [][]byte{fromMessage, fromMu, theirs, theirsMu} {
		valid, err := ours.Verify(params, message, signature)
		validMu, errMu := ours.Verify(suite.SignParams{ExternalMu: true}, mu, signature)
		if !valid || !validMu || err != nil || errMu != nil {
			t.Fatalf("signature %d: ours verify %v, %v from mu (%v, %v)", i, valid, validMu, err, errMu)
		}
		if err := mldsa.Verify(other.PublicKey(), message, signature, &mldsa.Options{Context: string(context)}); err != nil {
			t.Fatalf("signature %d: filippo.io/mldsa: %v", i, err)
		}
		if !scheme.Verify(public, message, signature, &circlsign.SignatureOpts{Context: string(context)}) {
			t.Fatalf("signature %d: circl refuses it", i)
		}
	}
}

// TestMLKEMAgainstCircl holds, over random seeds, that ours and circl make the
// same keys and recover what the other encapsulates.
func TestMLKEMAgainstCircl(t *testing.T) {
	for _, name := range []string{"ml-kem-512", "ml-kem-768", "ml-kem-1024"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := find(t, name)
			scheme := circlKEM(s)
			rapid.Check(t, func(t *rapid.T) {
				seed := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "seed")
				ours, err := s.Parse(seed)
				if err != nil {
					t.Fatal(err)
				}
				public, private := scheme.DeriveKeyPair(seed)
				raw, err := public.MarshalBinary()
				if err != nil || !bytes.Equal(raw, ours.Public().Bytes()) {
					t.Fatalf("another public key (%v)", err)
				}
				ciphertext, secret, err := scheme.Encapsulate(public)
				if err != nil {
					t.Fatal(err)
				}
				got, err := ours.(suite.Encapsulator).Decapsulate(ciphertext)
				if err != nil || !bytes.Equal(got.Bytes(), secret) {
					t.Fatalf("ours recover another secret (%v)", err)
				}
				mine, ciphertext, err := ours.(suite.Encapsulator).Encapsulate()
				if err != nil {
					t.Fatal(err)
				}
				theirs, err := scheme.Decapsulate(private, ciphertext)
				if err != nil || !bytes.Equal(mine.Bytes(), theirs) {
					t.Fatalf("circl recovers another secret (%v)", err)
				}
			})
		})
	}
}

// accumulated is how many cases the accumulated tests run, and the place of the
// hash for it.
func accumulated() (count, place int) {
	if testing.Short() {
		return 100, 0
	}
	return 10_000, 1
}

// TestAccumulatedMLDSA makes and verifies a deterministic signature for each of
// many keys, and compares the hash over all of it with the one of C2SP/CCTV,
// which filippo.io/mldsa also has.
func TestAccumulatedMLDSA(t *testing.T) {
	for name, want := range map[string][2]string{
		"ml-dsa-44": {"d51148e1f9f4fa1a723a6cf42e25f2a99eb5c1b378b3d2dbbd561b1203beeae4", "e7fd21f6a59bcba60d65adc44404bb29a7c00e5d8d3ec06a732c00a306a7d143"},
		"ml-dsa-65": {"8358a1843220194417cadbc2651295cd8fc65125b5a5c1a239a16dc8b57ca199", "5ff5e196f0b830c3b10a9eb5358e7c98a3a20136cb677f3ae3b90175c3ace329"},
		"ml-dsa-87": {"8c3ad714777622b8f21ce31bb35f71394f23bc0fcf3c78ace5d608990f3b061b", "80a8cf39317f7d0be0e24972c51ac152bd2a3e09bc0c32ce29dd82c4e7385e60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, source, sink := find(t, name), sha3.NewSHAKE128(), sha3.NewSHAKE128()
			seed := make([]byte, 32)
			count, place := accumulated()
			for range count {
				_, _ = source.Read(seed)
				key := parse(t, s, seed)
				signature := sign(t, key, suite.SignParams{Deterministic: true}, nil)
				_, _ = sink.Write(key.Public().Bytes())
				_, _ = sink.Write(signature)
				mustVerify(t, key, suite.SignParams{}, nil, signature)
			}
			checkAccumulated(t, sink, want[place])
		})
	}
}

// TestAccumulatedMLKEM has another library encapsulate to each of many keys,
// and decapsulates that and garbage, in the manner of C2SP/CCTV. The hash of
// ML-KEM-768 is crypto/mlkem's; those of the others were made with
// noble-post-quantum 0.7.1.
func TestAccumulatedMLKEM(t *testing.T) {
	for name, want := range map[string][2]string{
		"ml-kem-512":  {"86b1b4703b8ffef6f7f3290c6dbce4ad954498a0673ded401a94828e8c519a59", "e0112db334d4240ca6feed5b0beab1318925edd4ff7d840c2ebe6d61971fc14c"},
		"ml-kem-768":  {"1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415", "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc"},
		"ml-kem-1024": {"800018fec3e2723f73f1d657fe239b4d5d8782efaade297e8cd448e54cc2ac00", "f1a3925c9cf8538bb104c56efb2f5ecb74cc3df25087460b73f6c873e96bcb6a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, source, sink := find(t, name), sha3.NewSHAKE128(), sha3.NewSHAKE128()
			seed, randomness := make([]byte, 64), make([]byte, 32)
			garbage := make([]byte, circlKEM(s).CiphertextSize())
			count, place := accumulated()
			for range count {
				_, _ = source.Read(seed)
				key := parse(t, s, seed)
				_, _ = sink.Write(key.Public().Bytes())
				_, _ = source.Read(randomness)
				ciphertext, secret := encapsulateFrom(t, s, key.Public().Bytes(), randomness)
				_, _ = sink.Write(ciphertext)
				_, _ = sink.Write(secret)
				if got := decapsulate(t, key, ciphertext); !bytes.Equal(got, secret) {
					t.Fatal("another secret")
				}
				_, _ = source.Read(garbage)
				_, _ = sink.Write(decapsulate(t, key, garbage))
			}
			checkAccumulated(t, sink, want[place])
		})
	}
}

func checkAccumulated(t *testing.T, sink *sha3.SHAKE, want string) {
	t.Helper()
	sum := make([]byte, 32)
	_, _ = sink.Read(sum)
	if got := hex.EncodeToString(sum); got != want {
		t.Errorf("accumulated %s, want %s", got, want)
	}
}

func decapsulate(t *testing.T, key suite.Key, ciphertext []byte) []byte {
	t.Helper()
	secret, err := key.(suite.Encapsulator).Decapsulate(ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Bytes()
}

// encapsulateFrom uses circl, which is faster than the standard library.
func encapsulateFrom(t *testing.T, s *suite.Suite, raw, randomness []byte) (ciphertext, secret []byte) {
	t.Helper()
	public, err := circlKEM(s).UnmarshalBinaryPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, secret, err = circlKEM(s).EncapsulateDeterministically(public, randomness)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext, secret
}
