package suite_test

import (
	"bytes"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// FuzzParse feeds every suite's parsers: what parses encodes to the same
// bytes.
func FuzzParse(f *testing.F) {
	seeds := 0
	for i, s := range suite.All() {
		for _, c := range readGolden(f, s).Cases {
			f.Add(uint8(i), c.Private)
			seeds++
		}
		if public := goldenKey(f, s).Public(); !public.IsZero() {
			f.Add(uint8(i), public.Bytes())
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, number uint8, encoded []byte) {
		all := suite.All()
		s := all[int(number)%len(all)]
		if key, err := s.Parse(encoded); err == nil && !bytes.Equal(key.Private().Bytes(), encoded) {
			t.Errorf("%s: %x parses and encodes otherwise", s.Name, encoded)
		}
		if s.ParsePublic == nil {
			return
		}
		if key, err := s.ParsePublic(encoded); err == nil && !bytes.Equal(key.Public().Bytes(), encoded) {
			t.Errorf("%s: public key %x parses and encodes otherwise", s.Name, encoded)
		}
	})
}

// FuzzOpen feeds every suite's Open: it never panics, and never opens but what
// was sealed.
func FuzzOpen(f *testing.F) {
	seeds := 0
	known := map[string]map[string]bool{} // per suite, the ciphertexts of the seeds
	for i, s := range suite.All() {
		known[s.Name] = map[string]bool{}
		for _, c := range readGolden(f, s).Cases {
			f.Add(uint8(i), c.Sealed, c.Context, c.AssociatedData)
			known[s.Name][string(c.Sealed)] = true
			seeds++
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	all := suite.All()
	keys := make([]suite.Key, len(all))
	for i, s := range all {
		keys[i] = goldenKey(f, s)
	}
	f.Fuzz(func(t *testing.T, number uint8, sealed, context, data []byte) {
		i := int(number) % len(all)
		key, ok := keys[i].(suite.Encrypter)
		if !ok {
			return
		}
		params := suite.Params{Context: context, AssociatedData: data}
		if _, err := key.Open(params, sealed); err == nil && !known[all[i].Name][string(sealed)] {
			t.Errorf("%s: opened %x, which nobody sealed", all[i].Name, sealed)
		}
	})
}
