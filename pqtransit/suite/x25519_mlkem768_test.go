package suite_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/cloudflare/circl/hpke"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// xwingVector is one vector of X-Wing itself, from either of its drafts.
type xwingVector struct {
	Seed       hexBytes `json:"seed"`
	Randomness hexBytes `json:"randomness"`
	PublicKey  hexBytes `json:"encapsulation_key"`
	Ciphertext hexBytes `json:"ciphertext"`
	Secret     hexBytes `json:"shared_secret"`
}

func xwing(t testing.TB) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup("x25519-mlkem768")
	if !ok {
		t.Fatal("not registered")
	}
	return s
}

func circlSuite() hpke.Suite {
	return hpke.NewSuite(hpke.KEM_XWING, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES256GCM)
}

func readXWingVectors(t *testing.T) []xwingVector {
	var draft []struct {
		Seed   hexBytes `json:"seed"`
		ESeed  hexBytes `json:"eseed"`
		Secret hexBytes `json:"ss"`
		Public hexBytes `json:"pk"`
		CT     hexBytes `json:"ct"`
	}
	var concrete struct {
		Vectors []xwingVector `json:"mlkem768_x25519"`
	}
	readJSON(t, "xwing/xwing-test-vectors.json", &draft)
	readJSON(t, "hybrid-kems/mlkem768-x25519.json", &concrete)
	vectors := concrete.Vectors
	for _, v := range draft {
		vectors = append(vectors, xwingVector{v.Seed, v.ESeed, v.Public, v.CT, v.Secret})
	}
	if len(draft) != 3 || len(vectors) != 13 {
		t.Fatalf("%d and %d vectors, want 3 and 10", len(draft), len(vectors)-len(draft))
	}
	return vectors
}

// TestXWingVectors has circl encapsulate with a vector's randomness, checks
// that its ciphertext and secret are the vector's, and opens what circl then
// seals under that secret: it opens only if our decapsulation gave it too.
func TestXWingVectors(t *testing.T) {
	s, kem := xwing(t), hpke.KEM_XWING.Scheme()
	for i, v := range readXWingVectors(t) {
		key := parse(t, s, v.Seed)
		if !bytes.Equal(key.Public().Bytes(), v.PublicKey) {
			t.Fatalf("vector %d: another public key", i)
		}
		public, err := kem.UnmarshalBinaryPublicKey(v.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		ciphertext, secret, err := kem.EncapsulateDeterministically(public, v.Randomness)
		if err != nil || !bytes.Equal(ciphertext, v.Ciphertext) || !bytes.Equal(secret, v.Secret) {
			t.Fatalf("vector %d: circl gives another encapsulation (%v)", i, err)
		}
		sender, err := circlSuite().NewSender(public, []byte("info"))
		if err != nil {
			t.Fatal(err)
		}
		enc, sealer, err := sender.Setup(bytes.NewReader(v.Randomness))
		if err != nil || !bytes.Equal(enc, v.Ciphertext) {
			t.Fatalf("vector %d: circl's sender gives another encapsulation (%v)", i, err)
		}
		sealed, err := sealer.Seal([]byte("secret"), []byte("aad"))
		if err != nil {
			t.Fatal(err)
		}
		params := suite.Params{Context: []byte("info"), AssociatedData: []byte("aad")}
		mustOpen(t, key, params, append(enc, sealed...), []byte("secret"))
	}
}

// TestCirclOpensOurs and TestWeOpenCircls hold that anyone with an HPKE library
// and the published key can talk to us.
func TestCirclOpensOurs(t *testing.T) {
	key := otherKey(t, xwing(t))
	params := suite.Params{Context: []byte("info"), AssociatedData: []byte("aad")}
	sealed := seal(t, key, params, []byte("secret"))

	private, err := hpke.KEM_XWING.Scheme().UnmarshalBinaryPrivateKey(key.Private().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := circlSuite().NewReceiver(private, params.Context)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := receiver.Setup(sealed[:1120])
	if err != nil {
		t.Fatal(err)
	}
	got, err := opener.Open(sealed[1120:], params.AssociatedData)
	if err != nil || string(got) != "secret" {
		t.Fatalf("circl opened %q, %v", got, err)
	}
}

func TestWeOpenCircls(t *testing.T) {
	s := xwing(t)
	key := otherKey(t, s)
	// From the published text and identifiers alone, as a client has them.
	raw, err := base64.StdEncoding.DecodeString(key.Public().String())
	if err != nil {
		t.Fatal(err)
	}
	kem := hpke.KEM(s.HPKE.KEM)
	public, err := kem.Scheme().UnmarshalBinaryPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := hpke.NewSuite(kem, hpke.KDF(s.HPKE.KDF), hpke.AEAD(s.HPKE.AEAD)).NewSender(public, []byte("info"))
	if err != nil {
		t.Fatal(err)
	}
	enc, sealer, err := sender.Setup(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, err := sealer.Seal([]byte("secret"), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	params := suite.Params{Context: []byte("info"), AssociatedData: []byte("aad")}
	mustOpen(t, key, params, append(enc, ciphertext...), []byte("secret"))
}

func TestXWingRefusesBadPublicKeys(t *testing.T) {
	s := xwing(t)
	raw := goldenKey(t, s).Public().Bytes()

	unreduced := bytes.Clone(raw)
	unreduced[0], unreduced[1] = 0xff, 0xff // a coefficient above ML-KEM's modulus
	if _, err := s.ParsePublic(unreduced); err == nil {
		t.Error("took a public key with a coefficient that is not reduced")
	}

	lowOrder := bytes.Clone(raw)
	clear(lowOrder[1184:])
	key, err := s.ParsePublic(lowOrder)
	if err != nil {
		return // refused even earlier
	}
	if _, err := key.(suite.Encrypter).Seal(suite.Params{}, nil); err == nil {
		t.Error("sealed to an X25519 point of low order")
	}
}

func TestHPKERefusesWhatItCannotBind(t *testing.T) {
	forEach(t, binds, func(t *testing.T, s *suite.Suite) {
		refuseParams(t, goldenKey(t, s), map[string]suite.Params{
			"padding":    {PaddingScheme: "oaep"},
			"convergent": {Convergent: 3},
			"nonce":      {Nonce: make([]byte, 12)},
		})
	})
}

// refuseParams holds that neither direction takes the parameters.
func refuseParams(t *testing.T, key suite.Key, refused map[string]suite.Params) {
	t.Helper()
	sealed := seal(t, key, suite.Params{}, []byte("x"))
	for name, params := range refused {
		if _, err := key.(suite.Encrypter).Seal(params, []byte("x")); err == nil {
			t.Errorf("%s: sealed", name)
		}
		if _, err := key.(suite.Encrypter).Open(params, sealed); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
