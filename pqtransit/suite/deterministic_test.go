package suite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestDeterministicSignatures(t *testing.T) {
	fast := func(s *suite.Suite) bool {
		return signs(s) && s.Signatures.Deterministic && !strings.HasSuffix(s.Name, "s")
	}
	forEach(t, fast, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		fixed := sign(t, key, suite.SignParams{Deterministic: true}, []byte("m"))
		if !bytes.Equal(fixed, sign(t, key, suite.SignParams{Deterministic: true}, []byte("m"))) {
			t.Error("two deterministic signatures differ")
		}
		hedged := sign(t, key, suite.SignParams{}, []byte("m"))
		if bytes.Equal(fixed, hedged) || bytes.Equal(hedged, sign(t, key, suite.SignParams{}, []byte("m"))) {
			t.Error("a signature that should be hedged is not")
		}
		mustVerify(t, key, suite.SignParams{}, []byte("m"), fixed)
		mustVerify(t, key, suite.SignParams{Deterministic: true}, []byte("m"), hedged)
	})
}
