package suite_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// forEach runs a test for every registered suite that matches, and fails if
// none does.
func forEach(t *testing.T, matches func(*suite.Suite) bool, run func(*testing.T, *suite.Suite)) {
	t.Helper()
	count := 0
	for _, s := range suite.All() {
		if matches(s) {
			count++
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				run(t, s)
			})
		}
	}
	if count == 0 {
		t.Fatal("no suite matches")
	}
}

func any1(*suite.Suite) bool            { return true }
func encrypts(s *suite.Suite) bool      { return s.Purpose.Has(suite.Encryption) }
func unlimited(s *suite.Suite) bool     { return encrypts(s) && len(s.PaddingSchemes) == 0 }
func asymmetric(s *suite.Suite) bool    { return s.Asymmetric }
func derives(s *suite.Suite) bool       { return s.Derivation }
func authenticates(s *suite.Suite) bool { return encrypts(s) && s.AssociatedData }
func resists(s *suite.Suite) bool       { return encrypts(s) && !s.Unauthenticated }
func signs(s *suite.Suite) bool         { return s.Purpose.Has(suite.Signing) }
func macs(s *suite.Suite) bool          { return s.Purpose.Has(suite.Authentication) }
func encapsulates(s *suite.Suite) bool {
	return s.Purpose.Has(suite.KeyEncapsulation) || s.Alternative.Has(suite.KeyEncapsulation)
}

func binds(s *suite.Suite) bool { return s.HPKE != nil }

// fullParams sets what the suite can bind.
func fullParams(s *suite.Suite) suite.Params {
	params := suite.Params{}
	if s.AssociatedData {
		params.AssociatedData = []byte("row 17")
	}
	if binds(s) {
		params.Context = []byte("user-4711")
	}
	return params
}

func TestDeclarations(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		if s.Generate == nil || s.Parse == nil || s.Purpose == 0 {
			t.Fatal("a suite generates, parses and has a purpose")
		}
		key := goldenKey(t, s)
		if s.Purpose&s.Alternative != 0 || s.SelfTest == nil {
			t.Error("a suite has purposes that exclude each other, and a self-test")
		}
		_, isEncrypter := key.(suite.Encrypter)
		_, isSigner := key.(suite.Signer)
		_, isMACer := key.(suite.MACer)
		_, isEncapsulator := key.(suite.Encapsulator)
		got := []bool{isEncrypter, isSigner, isMACer, isEncapsulator}
		if diff := cmp.Diff([]bool{encrypts(s), signs(s), macs(s), encapsulates(s)}, got); diff != "" {
			t.Errorf("the key's interfaces are not those of the purposes:\n%s", diff)
		}
		if (s.Signatures != nil) != signs(s) || (s.GenerateSize != nil) != (s.KeySize != nil) {
			t.Error("signers declare options, and keys of several sizes how to make them")
		}
		if _, ok := key.(suite.Deriver); ok != s.Derivation {
			t.Errorf("is a Deriver: %v, declared: %v", ok, s.Derivation)
		}
		if s.Convergent && !s.Derivation {
			t.Error("convergent encryption needs derivation")
		}
		if key.Public().IsZero() == s.Asymmetric || (s.ParsePublic != nil) != s.Asymmetric {
			t.Error("only asymmetric keys have, and read, a public half")
		}
		community := s.StoredAs != suite.NotCommunity
		if (key.Material() != nil) != community || (s.FromMaterial != nil) != community {
			t.Error("only Community suites give and take keysutil's material")
		}
	})
}

func TestRoundTrip(t *testing.T) {
	forEach(t, encrypts, func(t *testing.T, s *suite.Suite) {
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			for _, size := range []int{0, 1, 17, 190} {
				plaintext := bytes.Repeat([]byte{0xa5}, size)
				t.Run(fmt.Sprintf("%s key, %d bytes", name, size), func(t *testing.T) {
					sealed := seal(t, key, fullParams(s), plaintext)
					mustOpen(t, key, fullParams(s), sealed, plaintext)
					if bytes.Equal(sealed, seal(t, key, fullParams(s), plaintext)) {
						t.Error("two encryptions gave the same ciphertext")
					}
				})
			}
		}
	})
}

func TestRoundTripOfLargePlaintexts(t *testing.T) {
	forEach(t, unlimited, func(t *testing.T, s *suite.Suite) {
		plaintext := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		key := goldenKey(t, s)
		mustOpen(t, key, suite.Params{}, seal(t, key, suite.Params{}, plaintext), plaintext)
	})
}

func TestWrongKey(t *testing.T) {
	forEach(t, resists, func(t *testing.T, s *suite.Suite) {
		sealed := seal(t, goldenKey(t, s), suite.Params{}, []byte("secret"))
		mustRefuse(t, otherKey(t, s), suite.Params{}, sealed)
	})
}

func TestWrongAssociatedData(t *testing.T) {
	forEach(t, authenticates, func(t *testing.T, s *suite.Suite) {
		key, params := goldenKey(t, s), fullParams(s)
		sealed := seal(t, key, params, []byte("secret"))
		for _, wrong := range []string{"", "row 18", "row 1", "row 17\x00"} {
			params.AssociatedData = []byte(wrong)
			mustRefuse(t, key, params, sealed)
		}
	})
}

func TestWrongContext(t *testing.T) {
	forEach(t, binds, func(t *testing.T, s *suite.Suite) {
		key, params := goldenKey(t, s), fullParams(s)
		sealed := seal(t, key, params, []byte("secret"))
		for _, wrong := range []string{"", "user-4712", "user-471", "user-4711\x00"} {
			params.Context = []byte(wrong)
			mustRefuse(t, key, params, sealed)
		}
	})
}

func TestContextAndAssociatedDataAreNotInterchangeable(t *testing.T) {
	forEach(t, binds, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		sealed := seal(t, key, suite.Params{Context: []byte("ab"), AssociatedData: []byte("c")}, []byte("secret"))
		mustRefuse(t, key, suite.Params{Context: []byte("a"), AssociatedData: []byte("bc")}, sealed)
		mustRefuse(t, key, suite.Params{Context: []byte("c"), AssociatedData: []byte("ab")}, sealed)
	})
}

// stride is 1 but where one operation takes long: RSA's private one takes
// milliseconds, and P-384 makes its hybrid take about one.
func stride(s *suite.Suite) int {
	switch {
	case len(s.PaddingSchemes) > 0:
		return 37
	case s.HPKE != nil:
		return 5
	}
	return 1
}

func TestTruncatedAndExtended(t *testing.T) {
	forEach(t, resists, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		sealed := seal(t, key, fullParams(s), []byte("secret"))
		for length := 0; length < len(sealed); length += stride(s) {
			mustRefuse(t, key, fullParams(s), sealed[:length])
			mustRefuse(t, key, fullParams(s), slices.Clone(sealed[:length]))
		}
		mustRefuse(t, key, fullParams(s), append(slices.Clone(sealed), 0))
		mustRefuse(t, key, fullParams(s), append([]byte{0}, sealed...))
	})
}

// TestFlippedBits flips every bit of short ciphertexts, one bit of every byte
// of long ones.
func TestFlippedBits(t *testing.T) {
	forEach(t, resists, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		sealed := seal(t, key, fullParams(s), []byte("secret"))
		for i := 0; i < len(sealed); i += stride(s) {
			bits := []int{i % 8}
			if len(sealed) < 100 {
				bits = []int{0, 1, 2, 3, 4, 5, 6, 7}
			}
			for _, bit := range bits {
				sealed[i] ^= 1 << bit
				mustRefuse(t, key, fullParams(s), sealed)
				sealed[i] ^= 1 << bit
			}
		}
		mustOpen(t, key, fullParams(s), sealed, []byte("secret"))
	})
}

// spare is a copy of b with marked spare capacity behind it, and a check that
// neither b nor the capacity has changed.
func spare(b []byte) (padded []byte, intact func() bool) {
	whole := append(slices.Clone(b), bytes.Repeat([]byte{0xaa}, 4096)...)
	before := slices.Clone(whole)
	return whole[:len(b)], func() bool { return bytes.Equal(whole, before) }
}

func TestArgumentsAreLeftAlone(t *testing.T) {
	forEach(t, encrypts, func(t *testing.T, s *suite.Suite) {
		key, params := goldenKey(t, s), fullParams(s)
		plaintext, plaintextIntact := spare([]byte("secret"))
		context, contextIntact := spare(params.Context)
		data, dataIntact := spare(params.AssociatedData)
		params.Context, params.AssociatedData = context, data

		sealed, sealedIntact := spare(seal(t, key, params, plaintext))
		opened, err := key.(suite.Encrypter).Open(params, sealed)
		if err != nil {
			t.Fatal(err)
		}
		clear(opened[:cap(opened)])
		if !plaintextIntact() || !contextIntact() || !dataIntact() || !sealedIntact() {
			t.Error("an argument was changed, or shares memory with a result")
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	forEach(t, encrypts, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				plaintext := []byte{byte(i)}
				for range 4 {
					sealed, err := key.(suite.Encrypter).Seal(fullParams(s), plaintext)
					if err != nil {
						t.Error(err)
						return
					}
					opened, err := key.(suite.Encrypter).Open(fullParams(s), sealed)
					if err != nil || !bytes.Equal(opened, plaintext) {
						t.Errorf("opened %x, %v; want %x", opened, err, plaintext)
					}
					_, _ = key.Private(), key.Public()
				}
			})
		}
		group.Wait()
	})
}
