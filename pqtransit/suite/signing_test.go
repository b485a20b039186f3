package suite_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func sign(tb testing.TB, key suite.Key, params suite.SignParams, message []byte) []byte {
	tb.Helper()
	signature, err := key.(suite.Signer).Sign(params, message)
	if err != nil {
		tb.Fatalf("sign: %v", err)
	}
	return signature
}

func mustVerify(tb testing.TB, key suite.Key, params suite.SignParams, message, signature []byte) {
	tb.Helper()
	valid, err := key.(suite.Signer).Verify(params, message, signature)
	if err != nil || !valid {
		tb.Fatalf("verify = %v, %v; want true", valid, err)
	}
}

func mustNotVerify(tb testing.TB, key suite.Key, params suite.SignParams, message, signature []byte) {
	tb.Helper()
	if valid, _ := key.(suite.Signer).Verify(params, message, signature); valid {
		tb.Fatal("verified what must be refused")
	}
}

// signedCase is a known signature under goldenKey, so that tests of verifying
// need not make one: the slowest suites take seconds.
func signedCase(tb testing.TB, s *suite.Suite) goldenCase {
	tb.Helper()
	golden := readGolden(tb, s)
	for _, c := range golden.Cases {
		if c.Signature != nil && c.Derive == nil && bytes.Equal(c.Private, golden.Cases[0].Private) {
			return c
		}
	}
	tb.Fatalf("no known signature of %s", s.Name)
	return goldenCase{}
}

func fullSignParams(s *suite.Suite) suite.SignParams {
	params := suite.SignParams{}
	if s.Signatures.Context {
		params.Context = []byte("user-4711")
	}
	return params
}

// TestSignatureRoundTrip is the one test that has every suite sign.
func TestSignatureRoundTrip(t *testing.T) {
	forEach(t, signs, func(t *testing.T, s *suite.Suite) {
		key, params := goldenKey(t, s), fullSignParams(s)
		if testing.Short() && s.Slow && strings.HasSuffix(s.Name, "s") {
			return // these take seconds
		}
		signature := sign(t, key, params, []byte("message"))
		mustVerify(t, key, params, []byte("message"), signature)
		public, err := s.ParsePublic(key.Public().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		mustVerify(t, public, params, []byte("message"), signature)
		if made, err := public.(suite.Signer).Sign(params, []byte("message")); err == nil || made != nil {
			t.Error("a public key signed")
		}
	})
}

func TestSignaturesOfManySizes(t *testing.T) {
	fast := func(s *suite.Suite) bool { return signs(s) && !s.Slow }
	forEach(t, fast, func(t *testing.T, s *suite.Suite) {
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			for _, size := range []int{0, 1, 64, 65, 4096} {
				message := bytes.Repeat([]byte{0xa5}, size)
				signature := sign(t, key, fullSignParams(s), message)
				if valid, err := key.(suite.Signer).Verify(fullSignParams(s), message, signature); err != nil || !valid {
					t.Errorf("%s key, %d bytes: %v, %v", name, size, valid, err)
				}
			}
		}
	})
}

func TestWrongSignatures(t *testing.T) {
	forEach(t, signs, func(t *testing.T, s *suite.Suite) {
		key, c := goldenKey(t, s), signedCase(t, s)
		params := c.signParams()
		mustVerify(t, key, params, c.Message, c.Signature)
		mustNotVerify(t, otherKey(t, s), params, c.Message, c.Signature)
		mustNotVerify(t, key, params, append(slices.Clone(c.Message), 0), c.Signature)
		mustNotVerify(t, key, params, c.Message[1:], c.Signature)
		mustNotVerify(t, key, params, nil, c.Signature)
		for length := 0; length < len(c.Signature); length += 1 + length/50 {
			mustNotVerify(t, key, params, c.Message, c.Signature[:length])
			mustNotVerify(t, key, params, c.Message, slices.Clone(c.Signature[:length]))
		}
		mustNotVerify(t, key, params, c.Message, append(slices.Clone(c.Signature), 0))
		mustNotVerify(t, key, params, c.Message, append([]byte{0}, c.Signature...))
		mustNotVerify(t, key, params, c.Message, make([]byte, len(c.Signature)))
	})
}

// TestFlippedSignatureBits flips every bit of short signatures and some hundreds
// of long ones, of SLH-DSA, which verifies slowly, some tens.
func TestFlippedSignatureBits(t *testing.T) {
	forEach(t, signs, func(t *testing.T, s *suite.Suite) {
		key, c := goldenKey(t, s), signedCase(t, s)
		step := 1 + len(c.Signature)*8/600*7/3
		if s.Slow {
			step *= 7
		}
		for bit := 0; bit < len(c.Signature)*8; bit += step {
			c.Signature[bit/8] ^= 1 << (bit % 8)
			mustNotVerify(t, key, c.signParams(), c.Message, c.Signature)
			c.Signature[bit/8] ^= 1 << (bit % 8)
		}
		mustVerify(t, key, c.signParams(), c.Message, c.Signature)
	})
}

func TestWrongSignatureContext(t *testing.T) {
	withContext := func(s *suite.Suite) bool { return signs(s) && s.Signatures.Context }
	forEach(t, withContext, func(t *testing.T, s *suite.Suite) {
		key, c := goldenKey(t, s), signedCase(t, s)
		params := c.signParams()
		for _, wrong := range []string{"user-4712", "user-471", "user-4711\x00", strings.Repeat("x", 255)} {
			params.Context = []byte(wrong)
			mustNotVerify(t, key, params, c.Message, c.Signature)
		}
		params.Context = make([]byte, 256)
		if _, err := key.(suite.Signer).Sign(params, c.Message); err == nil {
			t.Error("signed with a context of 256 bytes")
		}
		if _, err := key.(suite.Signer).Verify(params, c.Message, c.Signature); err == nil {
			t.Error("verified with a context of 256 bytes")
		}
	})
}

// signOptions are one of each option, and whether a suite declares it.
var signOptions = map[string]struct {
	params   suite.SignParams
	declares func(*suite.SignatureOptions) bool
}{
	"prehashed":            {suite.SignParams{Prehashed: true}, func(o *suite.SignatureOptions) bool { return o.Prehashed }},
	"salt length":          {suite.SignParams{SaltLength: 20}, func(o *suite.SignatureOptions) bool { return o.SaltLength }},
	"context":              {suite.SignParams{Context: []byte("c")}, func(o *suite.SignatureOptions) bool { return o.Context }},
	"external mu":          {suite.SignParams{ExternalMu: true}, func(o *suite.SignatureOptions) bool { return o.ExternalMu }},
	"deterministic":        {suite.SignParams{Deterministic: true}, func(o *suite.SignatureOptions) bool { return o.Deterministic }},
	"hash":                 {suite.SignParams{HashAlgorithm: "sha2-256"}, func(o *suite.SignatureOptions) bool { return len(o.Hashes) > 0 }},
	"unknown hash":         {suite.SignParams{HashAlgorithm: "md5"}, never},
	"pss":                  {suite.SignParams{SignatureAlgorithm: "pss"}, declaresAlgorithm("pss")},
	"pkcs1v15":             {suite.SignParams{SignatureAlgorithm: "pkcs1v15"}, declaresAlgorithm("pkcs1v15")},
	"hash-slh-dsa":         {suite.SignParams{SignatureAlgorithm: "hash-slh-dsa", HashAlgorithm: "sha2-256"}, declaresAlgorithm("hash-slh-dsa")},
	"unknown algorithm":    {suite.SignParams{SignatureAlgorithm: "ed448"}, never},
	"marshaling":           {suite.SignParams{Marshaling: suite.JWS}, func(*suite.SignatureOptions) bool { return true }},
	"unknown marshaling":   {suite.SignParams{Marshaling: 2}, never},
	"hash none":            {suite.SignParams{HashAlgorithm: "none"}, never},
	"hash none, prehashed": {suite.SignParams{HashAlgorithm: "none", Prehashed: true, SignatureAlgorithm: "pss"}, never},
}

func never(*suite.SignatureOptions) bool { return false }

func declaresAlgorithm(name string) func(*suite.SignatureOptions) bool {
	return func(o *suite.SignatureOptions) bool { return slices.Contains(o.Algorithms, name) }
}

// TestSignatureOptions holds that what a suite declares works, and that all
// else is refused in both directions. Slow suites are only seen to refuse.
func TestSignatureOptions(t *testing.T) {
	forEach(t, signs, func(t *testing.T, s *suite.Suite) {
		key, c := goldenKey(t, s), signedCase(t, s)
		message := bytes.Repeat([]byte{7}, 64)
		for name, option := range signOptions {
			if option.declares(s.Signatures) {
				if !s.Slow {
					checkSignOption(t, s, name, option.params)
				}
				continue
			}
			if signature, err := key.(suite.Signer).Sign(option.params, message); err == nil || signature != nil {
				t.Errorf("%s: signed", name)
			}
			if _, err := key.(suite.Signer).Verify(option.params, message, c.Signature); err == nil {
				t.Errorf("%s: verified without an error", name)
			}
		}
	})
}

// checkSignOption gives each option the input that goes with it.
func checkSignOption(t *testing.T, s *suite.Suite, name string, params suite.SignParams) {
	message := bytes.Repeat([]byte{7}, 64)
	if params.Prehashed {
		digest := sha256.Sum256(message)
		message, params.HashAlgorithm = digest[:], "sha2-256"
		if s.Signatures.Context { // Ed25519ph
			message, params.HashAlgorithm = bytes.Repeat([]byte{7}, 64), "sha2-512"
		}
	}
	key := goldenKey(t, s)
	signature := sign(t, key, params, message)
	if valid, err := key.(suite.Signer).Verify(params, message, signature); err != nil || !valid {
		t.Errorf("%s: verify = %v, %v", name, valid, err)
	}
}

func TestSigningLeavesArgumentsAlone(t *testing.T) {
	fast := func(s *suite.Suite) bool { return signs(s) && !s.Slow }
	forEach(t, fast, func(t *testing.T, s *suite.Suite) {
		key, params := goldenKey(t, s), fullSignParams(s)
		message, messageIntact := spare([]byte("message"))
		context, contextIntact := spare(params.Context)
		params.Context = context
		signature, signatureIntact := spare(sign(t, key, params, message))
		mustVerify(t, key, params, message, signature)
		if !messageIntact() || !contextIntact() || !signatureIntact() {
			t.Error("an argument was changed")
		}
	})
}

func TestConcurrentSigning(t *testing.T) {
	fast := func(s *suite.Suite) bool { return signs(s) && !s.Slow }
	forEach(t, fast, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s).(suite.Signer)
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				signature, err := key.Sign(fullSignParams(s), []byte{byte(i)})
				if err != nil {
					t.Error(err)
					return
				}
				if valid, err := key.Verify(fullSignParams(s), []byte{byte(i)}, signature); err != nil || !valid {
					t.Errorf("verify = %v, %v", valid, err)
				}
			})
		}
		group.Wait()
	})
}

// TestSelfTests runs what a plugin runs.
func TestSelfTests(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		if err := s.SelfTest(); err != nil {
			t.Error(err)
		}
	})
}
