package keyring

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// BenchmarkManyVersions compares keys of 1 and of 1000 versions, by turns in one run: "ratio" is
// how many times as long the second took.
func BenchmarkManyVersions(b *testing.B) {
	ctx := b.Context()
	for _, name := range []string{"ml-dsa-87", "x25519-mlkem768", "rsa-4096"} {
		storage := backendtest.NewStorage()
		for _, count := range []int{1, 1000} {
			key := keyOfMany(b, find(b, name), count)
			key.Name = fmt.Sprint("k", count)
			if err := store(ctx, storage, key); err != nil {
				b.Fatal(err)
			}
		}
		get := func(keys *Keyring, count int) *Key {
			key, err := keys.Get(ctx, storage, fmt.Sprint("k", count))
			if err != nil {
				b.Fatal(err)
			}
			return key
		}
		use := func(key *Key) {
			var err error
			if key.Purpose().Has(suite.Encryption) {
				_, _, err = key.Encrypt(Parameters{}, []byte("x"))
			} else {
				_, err = key.Sign(Signing{}, []byte("x"))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		warm := testKeyring()
		use(get(warm, 1))
		use(get(warm, 1000))
		b.Run("use/"+name, func(b *testing.B) { compare(b, func(count int) { use(get(warm, count)) }) })
		b.Run("load and use/"+name, func(b *testing.B) { compare(b, func(count int) { use(get(testKeyring(), count)) }) })
		if name == "rsa-4096" {
			continue // to rotate is to look for primes
		}
		b.Run("rotate/"+name, func(b *testing.B) {
			compare(b, func(count int) {
				if _, err := warm.Rotate(ctx, storage, fmt.Sprint("k", count), Rotation{}); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// compare takes medians, as the machine may have other work.
func compare(b *testing.B, do func(count int)) {
	b.Helper()
	var few, many []time.Duration
	for b.Loop() {
		start := time.Now()
		do(1)
		middle := time.Now()
		do(1000)
		few, many = append(few, middle.Sub(start)), append(many, time.Since(middle))
	}
	one, thousand := median(few), median(many)
	b.ReportMetric(one, "us-of-1")
	b.ReportMetric(thousand, "us-of-1000")
	b.ReportMetric(thousand/one, "ratio")
	b.ReportMetric(0, "ns/op")
}

// median is in microseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1000
}
