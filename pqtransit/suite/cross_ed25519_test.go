package suite_test

import (
	"bytes"
	"crypto"
	"crypto/sha512"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestEd25519AgainstCircl has circl make the same signature and verify ours: of the message,
// with a context, and of its hash.
func TestEd25519AgainstCircl(t *testing.T) {
	s := find(t, "ed25519")
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), ed25519.SeedSize, ed25519.SeedSize).Draw(t, "seed")
		message := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "message")
		context := rapid.SliceOfN(rapid.Byte(), 1, 255).Draw(t, "context")
		key, err := s.Parse(seed)
		if err != nil {
			t.Fatal(err)
		}
		other := ed25519.NewKeyFromSeed(seed)
		digest := sha512.Sum512(message)
		for _, variant := range []struct {
			params  suite.SignParams
			input   []byte
			options ed25519.SignerOptions
		}{
			{suite.SignParams{}, message, ed25519.SignerOptions{Scheme: ed25519.ED25519}},
			{suite.SignParams{Context: context}, message, ed25519.SignerOptions{Scheme: ed25519.ED25519Ctx, Context: string(context)}},
			{suite.SignParams{Prehashed: true, HashAlgorithm: "sha2-512"}, digest[:], ed25519.SignerOptions{Scheme: ed25519.ED25519Ph, Hash: crypto.SHA512}},
		} {
			ours, err := key.(suite.Signer).Sign(variant.params, variant.input)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := other.Sign(nil, message, variant.options)
			if err != nil || !bytes.Equal(ours, theirs) {
				t.Fatalf("%+v: another signature (%v)", variant.options, err)
			}
			if !ed25519.VerifyAny(key.Public().Bytes(), message, ours, variant.options) {
				t.Fatalf("%+v: circl does not verify it", variant.options)
			}
		}
	})
}
