package suite_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/schemes"
	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// readGzip reads a vector file that is kept compressed.
func readGzip(tb testing.TB, name string, into any) {
	tb.Helper()
	vectorFiles.Store(name, true)
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.NewDecoder(unzipped).Decode(into); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
}

// wycheproofTest is a test of ML-KEM's or ML-DSA's files.
type wycheproofTest struct {
	ID         int      `json:"tcId"`
	Seed       hexBytes `json:"seed"`
	EK         hexBytes `json:"ek"`
	DK         hexBytes `json:"dk"`
	Randomness hexBytes `json:"m"`
	Ciphertext hexBytes `json:"c"`
	Secret     hexBytes `json:"K"`
	Message    hexBytes `json:"msg"`
	Context    hexBytes `json:"ctx"`
	Mu         hexBytes `json:"mu"`
	Random     hexBytes `json:"rnd"`
	Signature  hexBytes `json:"sig"`
	Result     string   `json:"result"`
}

func (w wycheproofTest) valid() bool { return w.Result == "valid" }

type wycheproofFile struct {
	Count  int `json:"numberOfTests"`
	Groups []struct {
		Seed         hexBytes         `json:"privateSeed"`
		PKCS8        hexBytes         `json:"privateKeyPkcs8"`
		PublicKey    hexBytes         `json:"publicKey"`
		PublicKeyDER hexBytes         `json:"publicKeyDer"`
		Tests        []wycheproofTest `json:"tests"`
	} `json:"testGroups"`
}

func readWycheproof(t *testing.T, name string, want int) wycheproofFile {
	t.Helper()
	var file wycheproofFile
	readGzip(t, filepath.Join("wycheproof", name+".json.gz"), &file)
	count := 0
	for _, group := range file.Groups {
		count += len(group.Tests)
	}
	if count != want || file.Count != want {
		t.Fatalf("%s: %d tests, the file says %d, want %d", name, count, file.Count, want)
	}
	return file
}

func TestWycheproofMLKEM(t *testing.T) {
	counts := map[string]map[string]int{
		"512":  {"test": 193, "keygen_seed_test": 100, "encaps_test": 261},
		"768":  {"test": 193, "keygen_seed_test": 100, "encaps_test": 265},
		"1024": {"test": 193, "keygen_seed_test": 100, "encaps_test": 269},
	}
	runs := map[string]func(*testing.T, *suite.Suite, wycheproofTest){
		"test": wycheproofDecapsulation, "keygen_seed_test": wycheproofKeyGeneration, "encaps_test": wycheproofEncapsulation,
	}
	for set, files := range counts {
		for kind, want := range files {
			t.Run(set+"/"+kind, func(t *testing.T) {
				t.Parallel()
				s := find(t, "ml-kem-"+set)
				for _, group := range readWycheproof(t, "mlkem_"+set+"_"+kind, want).Groups {
					for _, test := range group.Tests {
						runs[kind](t, s, test)
					}
				}
			})
		}
	}
}

func wycheproofDecapsulation(t *testing.T, s *suite.Suite, test wycheproofTest) {
	key, err := s.Parse(test.Seed)
	if err == nil {
		var secret suite.Secret
		secret, err = key.(suite.Encapsulator).Decapsulate(test.Ciphertext)
		if err == nil && (!bytes.Equal(secret.Bytes(), test.Secret) || !bytes.Equal(key.Public().Bytes(), test.EK)) {
			t.Errorf("test %d: another secret or public key", test.ID)
		}
	}
	if (err == nil) != test.valid() {
		t.Errorf("test %d: %v, want %s", test.ID, err, test.Result)
	}
}

func wycheproofKeyGeneration(t *testing.T, s *suite.Suite, test wycheproofTest) {
	key := parse(t, s, test.Seed)
	if !bytes.Equal(key.Public().Bytes(), test.EK) {
		t.Errorf("test %d: another public key", test.ID)
	}
	both := bothForm(t, s, test.Seed, test.DK)
	if again, err := s.Encodings.ParsePKCS8(both); err != nil || !again.Private().Equal(key.Private()) {
		t.Errorf("test %d: seed and expanded key refused: %v", test.ID, err)
	}
}

// wycheproofEncapsulation has circl encapsulate, since our own is random, and
// checks that our parser refuses what circl does.
func wycheproofEncapsulation(t *testing.T, s *suite.Suite, test wycheproofTest) {
	_, err := s.ParsePublic(test.EK)
	if (err == nil) != test.valid() {
		t.Errorf("test %d: %v, want %s", test.ID, err, test.Result)
	}
	if err != nil {
		return
	}
	scheme := circlKEM(s)
	public, err := scheme.UnmarshalBinaryPublicKey(test.EK)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, secret, err := scheme.EncapsulateDeterministically(public, test.Randomness)
	if err != nil || !bytes.Equal(ciphertext, test.Ciphertext) || !bytes.Equal(secret, test.Secret) {
		t.Errorf("test %d: another encapsulation (%v)", test.ID, err)
	}
}

func circlKEM(s *suite.Suite) kem.Scheme {
	return schemes.ByName("ML-KEM-" + s.Selector.ParameterSet)
}

func TestWycheproofMLDSASign(t *testing.T) {
	for set, want := range map[string]int{"44": 86, "65": 105, "87": 96} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			s := find(t, "ml-dsa-"+set)
			done := map[string]int{}
			for _, group := range readWycheproof(t, "mldsa_"+set+"_sign_seed_test", want).Groups {
				key, err := s.Parse(group.Seed)
				if err != nil {
					for _, test := range group.Tests {
						if test.valid() {
							t.Errorf("test %d: %v", test.ID, err)
						}
						done["refused key"]++
					}
					continue
				}
				if !bytes.Equal(key.Public().Bytes(), group.PublicKey) {
					t.Fatal("another public key")
				}
				if group.PKCS8 != nil { // some groups have none
					again, err := s.Encodings.ParsePKCS8(group.PKCS8)
					if err != nil || !again.Private().Equal(key.Private()) {
						t.Errorf("its PKCS#8 gives another key (%v)", err)
					}
					done["PKCS#8"]++
				}
				for _, test := range group.Tests {
					wycheproofSign(t, key, test, done)
				}
			}
			if total := done["refused key"] + done["message"] + done["mu"] + done["randomized"]; total != want || done["mu"] == 0 || done["message"] == 0 || done["PKCS#8"] == 0 {
				t.Errorf("ran %v, want %d in all", done, want)
			}
		})
	}
}

// wycheproofSign makes the signature again, from the message and from mu; one
// with given randomness is only verified, since nobody may choose it here.
func wycheproofSign(t *testing.T, key suite.Key, test wycheproofTest, done map[string]int) {
	params := suite.SignParams{Context: test.Context, Deterministic: true}
	switch {
	case test.Random != nil:
		done["randomized"]++
		mustVerify(t, key, suite.SignParams{Context: test.Context}, test.Message, test.Signature)
	case test.Message == nil:
		done["mu"]++
	default:
		done["message"]++
		signature, err := key.(suite.Signer).Sign(params, test.Message)
		if (err == nil) != test.valid() || (err == nil && !bytes.Equal(signature, test.Signature)) {
			t.Errorf("test %d: another signature (%v), want %s", test.ID, err, test.Result)
		}
	}
	if test.Mu == nil || !test.valid() {
		return
	}
	fromMu := suite.SignParams{ExternalMu: true, Deterministic: true}
	if test.Random == nil {
		signature, err := key.(suite.Signer).Sign(fromMu, test.Mu)
		if err != nil || !bytes.Equal(signature, test.Signature) {
			t.Errorf("test %d: another signature of mu (%v)", test.ID, err)
		}
	}
	mustVerify(t, key, fromMu, test.Mu, test.Signature)
}

// TestWycheproofMLDSAVerify also verifies each from mu, by the other code.
func TestWycheproofMLDSAVerify(t *testing.T) {
	for set, want := range map[string]int{"44": 180, "65": 210, "87": 241} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			s, results := find(t, "ml-dsa-"+set), map[bool]int{}
			for _, group := range readWycheproof(t, "mldsa_"+set+"_verify_test", want).Groups {
				key, keyErr := s.ParsePublic(group.PublicKey)
				if keyErr == nil {
					if again, err := s.Encodings.ParsePKIX(group.PublicKeyDER); err != nil || again.Public().String() != key.Public().String() {
						t.Errorf("its SubjectPublicKeyInfo gives another key (%v)", err)
					}
				}
				for _, test := range group.Tests {
					valid := keyErr == nil
					if valid {
						valid, _ = key.(suite.Signer).Verify(suite.SignParams{Context: test.Context}, test.Message, test.Signature)
					}
					if valid != test.valid() {
						t.Errorf("test %d: %v, want %s", test.ID, valid, test.Result)
					}
					results[valid]++
					if keyErr == nil && len(test.Context) <= 255 {
						verifyFromMu(t, key, test, valid)
					}
				}
			}
			if results[true] == 0 || results[false] == 0 {
				t.Errorf("results %v", results)
			}
		})
	}
}

func verifyFromMu(t *testing.T, key suite.Key, test wycheproofTest, want bool) {
	mu := externalMu(key.Public().Bytes(), test.Context, test.Message)
	got, err := key.(suite.Signer).Verify(suite.SignParams{ExternalMu: true}, mu, test.Signature)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("test %d: from mu %v, %v; want %v", test.ID, got, err, want)
	}
}
