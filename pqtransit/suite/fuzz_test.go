package suite_test

import (
	"bytes"
	"fmt"
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
	known := map[string]bool{} // what the seeds open
	for i, s := range suite.All() {
		for _, c := range readGolden(f, s).Cases {
			if c.Sealed == nil {
				continue
			}
			f.Add(uint8(i), c.Sealed, c.Context, c.AssociatedData)
			known[identity(s, c.params(), c.Sealed)] = true
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
		if !ok || all[i].Unauthenticated {
			return
		}
		params := suite.Params{Context: context, AssociatedData: data}
		if _, err := key.Open(params, sealed); err == nil && !known[identity(all[i], params, sealed)] {
			t.Errorf("%s: opened %x, which nobody sealed", all[i].Name, sealed)
		}
	})
}

// identity is all that a ciphertext is bound to.
func identity(s *suite.Suite, params suite.Params, sealed []byte) string {
	if !binds(s) {
		params.Context = nil
	}
	return fmt.Sprintf("%s/%x/%x/%x", s.Name, params.Context, params.AssociatedData, sealed)
}

// FuzzVerify feeds every signer's Verify: it never panics, and never verifies
// but what was signed.
func FuzzVerify(f *testing.F) {
	type seen struct{ suite, message, context, signature string }
	known, seeds := map[seen]bool{}, 0
	all := suite.All()
	keys := make([]suite.Key, len(all))
	for i, s := range all {
		if !signs(s) {
			continue
		}
		keys[i] = goldenKey(f, s)
		c := signedCase(f, s)
		c.HashAlgorithm, c.SignatureAlgorithm = "", ""
		valid, err := keys[i].(suite.Signer).Verify(c.signParams(), c.Message, c.Signature)
		if err == nil && valid {
			known[seen{s.Name, string(c.Message), string(c.SignatureContext), string(c.Signature)}] = true
		}
		f.Add(uint8(i), c.Message, c.SignatureContext, c.Signature)
		seeds++
	}
	if seeds == 0 || len(known) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, number uint8, message, context, signature []byte) {
		i := int(number) % len(all)
		key, ok := keys[i].(suite.Signer)
		if !ok {
			return
		}
		valid, err := key.Verify(suite.SignParams{Context: context}, message, signature)
		if err == nil && valid && !known[seen{all[i].Name, string(message), string(context), string(signature)}] {
			t.Errorf("%s: verified %x, which nobody signed", all[i].Name, signature)
		}
	})
}
