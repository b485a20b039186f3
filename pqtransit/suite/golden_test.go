package suite_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// golden is testdata/golden/<suite>.json: ciphertexts that other
// implementations made.
type golden struct {
	Origin string       `json:"origin"`
	Cases  []goldenCase `json:"cases"`
}

type goldenCase struct {
	Name           string     `json:"name"`
	Private        []byte     `json:"private"`
	Derive         *suite.KDF `json:"derive"`
	DeriveContext  []byte     `json:"derive_context"`
	Context        []byte     `json:"context"`
	AssociatedData []byte     `json:"associated_data"`
	PaddingScheme  string     `json:"padding_scheme"`
	Convergent     int        `json:"convergent"`
	Nonce          []byte     `json:"nonce"`
	IV             []byte     `json:"iv"`
	Plaintext      []byte     `json:"plaintext"`
	Sealed         []byte     `json:"sealed"`

	// Of signatures and MACs.
	Message            []byte           `json:"message"`
	Signature          []byte           `json:"signature"`
	HashAlgorithm      string           `json:"hash_algorithm"`
	Prehashed          bool             `json:"prehashed"`
	SignatureAlgorithm string           `json:"signature_algorithm"`
	SaltLength         int              `json:"salt_length"`
	Marshaling         suite.Marshaling `json:"marshaling"`
	SignatureContext   []byte           `json:"signature_context"`
	ExternalMu         bool             `json:"external_mu"`
	MAC                []byte           `json:"mac"`
	Length             int              `json:"length"`

	// Of encapsulations.
	Ciphertext []byte `json:"ciphertext"`
	Secret     []byte `json:"secret"`
}

func (c goldenCase) params() suite.Params {
	return suite.Params{
		Context: c.Context, AssociatedData: c.AssociatedData, PaddingScheme: c.PaddingScheme,
		Convergent: c.Convergent, Nonce: c.Nonce,
	}
}

func (c goldenCase) signParams() suite.SignParams {
	return suite.SignParams{
		HashAlgorithm: c.HashAlgorithm, Prehashed: c.Prehashed, SignatureAlgorithm: c.SignatureAlgorithm,
		SaltLength: c.SaltLength, Marshaling: c.Marshaling, Context: c.SignatureContext, ExternalMu: c.ExternalMu,
	}
}

// readGolden fails where a suite has no vectors.
func readGolden(tb testing.TB, s *suite.Suite) golden {
	tb.Helper()
	var g golden
	readJSON(tb, filepath.Join("golden", s.Name+".json"), &g)
	if len(g.Cases) == 0 || g.Origin == "" {
		tb.Fatalf("no known answers for %s", s.Name)
	}
	return g
}

func readJSON(tb testing.TB, name string, into any) {
	tb.Helper()
	vectorFiles.Store(name, true)
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
}

// goldenKey is the key of the first known answer: the same in every run, and
// there without the seconds that making an RSA key takes.
func goldenKey(tb testing.TB, s *suite.Suite) suite.Key {
	tb.Helper()
	return parse(tb, s, readGolden(tb, s).Cases[0].Private)
}

func parse(tb testing.TB, s *suite.Suite, private []byte) suite.Key {
	tb.Helper()
	key, err := s.Parse(private)
	if err != nil {
		tb.Fatalf("parse a %s key: %v", s.Name, err)
	}
	return key
}

var generated sync.Map // of suite name to a func that makes one key

// otherKey is a generated key, made once per suite and run.
func otherKey(tb testing.TB, s *suite.Suite) suite.Key {
	tb.Helper()
	make1, _ := generated.LoadOrStore(s.Name, sync.OnceValues(s.Generate))
	key, err := make1.(func() (suite.Key, error))()
	if err != nil {
		tb.Fatalf("generate a %s key: %v", s.Name, err)
	}
	return key
}

func seal(tb testing.TB, key suite.Key, params suite.Params, plaintext []byte) []byte {
	tb.Helper()
	sealed, err := key.(suite.Encrypter).Seal(params, plaintext)
	if err != nil {
		tb.Fatalf("seal: %v", err)
	}
	return sealed
}

func mustOpen(tb testing.TB, key suite.Key, params suite.Params, sealed, want []byte) {
	tb.Helper()
	got, err := key.(suite.Encrypter).Open(params, sealed)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	if !bytes.Equal(got, want) {
		tb.Fatalf("opened %d bytes that differ from the %d sealed", len(got), len(want))
	}
}

func mustRefuse(tb testing.TB, key suite.Key, params suite.Params, sealed []byte) {
	tb.Helper()
	got, err := key.(suite.Encrypter).Open(params, sealed)
	if err == nil {
		tb.Fatal("opened what must be refused")
	}
	if got != nil {
		tb.Fatalf("refused, yet returned %d bytes", len(got))
	}
}

func TestKnownAnswers(t *testing.T) {
	for _, s := range suite.All() {
		for _, c := range readGolden(t, s).Cases {
			t.Run(s.Name+"/"+c.Name, func(t *testing.T) {
				key := parse(t, s, c.Private)
				if c.Derive != nil {
					key = derive(t, key, *c.Derive, c.DeriveContext)
				}
				knownAnswer(t, key, c)
			})
		}
	}
}

func knownAnswer(t *testing.T, key suite.Key, c goldenCase) {
	switch {
	case c.Sealed != nil:
		knownCiphertext(t, key, c)
	case c.Signature != nil:
		mustVerify(t, key, c.signParams(), c.Message, c.Signature)
	case c.MAC != nil:
		got, err := key.(suite.MACer).MAC(suite.MACParams{HashAlgorithm: c.HashAlgorithm, Length: c.Length}, c.Message)
		if err != nil || !bytes.Equal(got, c.MAC) {
			t.Errorf("MAC = %x, %v; want %x", got, err, c.MAC)
		}
	case c.Ciphertext != nil:
		got, err := key.(suite.Encapsulator).Decapsulate(c.Ciphertext)
		if err != nil || !got.Equal(suite.NewSecret(c.Secret)) {
			t.Errorf("decapsulated another secret (%v)", err)
		}
	default:
		t.Error("a known answer of nothing")
	}
}

func knownCiphertext(t *testing.T, key suite.Key, c goldenCase) {
	mustOpen(t, key, c.params(), c.Sealed, c.Plaintext)
	params := c.params()
	params.IV = c.IV
	if (c.Convergent > 0 || c.IV != nil) && !bytes.Equal(seal(t, key, params, c.Plaintext), c.Sealed) {
		t.Error("encryption without randomness gave another ciphertext than the other implementation")
	}
}

func derive(tb testing.TB, key suite.Key, function suite.KDF, context []byte) suite.Key {
	tb.Helper()
	derived, err := key.(suite.Deriver).Derive(function, context)
	if err != nil {
		tb.Fatalf("derive: %v", err)
	}
	return derived
}
