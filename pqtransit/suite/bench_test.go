package suite_test

import (
	"fmt"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// sizes are those a suite can take of 16 bytes, 190 bytes (the most of RSA-2048),
// 400 bytes, 1 KiB and 64 KiB.
func sizes(s *suite.Suite) []int {
	if unlimited(s) {
		return []int{16, 400, 1 << 10, 64 << 10}
	}
	return []int{16, 190}
}

func benchmark(b *testing.B, run func(b *testing.B, key suite.Encrypter, plaintext, sealed []byte)) {
	for _, s := range suite.All() {
		if !encrypts(s) {
			continue
		}
		key := goldenKey(b, s)
		for _, size := range sizes(s) {
			b.Run(fmt.Sprintf("%s/%d", s.Name, size), func(b *testing.B) {
				plaintext := make([]byte, size)
				sealed := seal(b, key, suite.Params{}, plaintext)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, key.(suite.Encrypter), plaintext, sealed)
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	benchmark(b, func(b *testing.B, key suite.Encrypter, plaintext, _ []byte) {
		for b.Loop() {
			if _, err := key.Seal(suite.Params{}, plaintext); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	benchmark(b, func(b *testing.B, key suite.Encrypter, _, sealed []byte) {
		for b.Loop() {
			if _, err := key.Open(suite.Params{}, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, s := range suite.All() {
		private := goldenKey(b, s).Private().Bytes()
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Parse(private); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDerivedSeal(b *testing.B) {
	for _, s := range suite.All() {
		if !s.Derivation || !encrypts(s) {
			continue
		}
		key := goldenKey(b, s)
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				seal(b, derive(b, key, suite.HKDFSHA256, user1), suite.Params{Convergent: 3}, user2)
			}
		})
	}
}
