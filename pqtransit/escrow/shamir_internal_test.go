package escrow

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"
)

// FIPS 197, sections 4.2 and 4.2.1, and the S-box's inverse of section 5.1.1.
func TestFieldIsThatOfAES(t *testing.T) {
	for _, c := range []struct{ a, b, product byte }{
		{0x57, 0x83, 0xc1},
		{0x57, 0x13, 0xfe},
		{0x57, 0x02, 0xae},
		{0x53, 0xca, 0x01},
		{0x00, 0xff, 0x00},
	} {
		if got := multiply(c.a, c.b); got != c.product {
			t.Errorf("%#x times %#x is %#x, want %#x", c.a, c.b, got, c.product)
		}
	}
	for a := 1; a < 256; a++ {
		if multiply(byte(a), inverse(byte(a))) != 1 {
			t.Fatalf("the inverse of %#x is wrong", a)
		}
	}
}

// Shares that the shamir package of Vault 1.21.1 made, 3 of 5, 7 of 7 and 2 of 2: its field
// is the same, its points are the last byte of each.
func TestSharesOfAnotherImplementationCombine(t *testing.T) {
	for _, c := range foreignShares {
		points := map[byte][]byte{}
		for _, share := range c.shares {
			points[share[len(share)-1]] = share[:len(share)-1]
		}
		if got := combine(points); !bytes.Equal(got, c.secret) {
			t.Errorf("got %q, want %q", got, c.secret)
		}
	}
	if len(foreignShares) == 0 {
		t.Fatal("there are no shares of another implementation")
	}
}

func TestAnyThresholdOfSharesRecovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 12).Draw(t, "count")
		threshold := rapid.IntRange(1, count).Draw(t, "threshold")
		secret := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "secret")
		shares, err := split(secret, threshold, count, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		order := rapid.Permutation(indexes(count)).Draw(t, "order")
		used := rapid.IntRange(threshold, count).Draw(t, "used")
		points := map[byte][]byte{}
		for _, i := range order[:used] {
			points[byte(i+1)] = shares[i]
		}
		if got := combine(points); !bytes.Equal(got, secret) {
			t.Fatalf("%d of %d shares, threshold %d: got %x, want %x", used, count, threshold, got, secret)
		}
	})
}

// With one share less than the threshold each secret is as likely as any other: for every
// value there is exactly one last share that gives it.
func TestFewerSharesSayNothing(t *testing.T) {
	shares, err := split([]byte{42}, 3, 3, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[byte]bool{}
	for last := range 256 {
		secrets[combine(map[byte][]byte{1: shares[0], 2: shares[1], 3: {byte(last)}})[0]] = true
	}
	if len(secrets) != 256 {
		t.Fatalf("two shares of three leave %d secrets possible, want all 256", len(secrets))
	}
}

func indexes(count int) []int {
	all := make([]int, count)
	for i := range all {
		all[i] = i
	}
	return all
}

func unhex(text string) []byte {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return decoded
}

var foreignShares = []struct {
	secret []byte
	shares [][]byte
}{
	{secret: []byte("escrow"), shares: [][]byte{
		unhex("d55474a5a9b237"),
		unhex("66639d3edfda8e"),
		unhex("26f42d97835832"),
	}},
	{secret: []byte("a package key of thirty-two byte"), shares: [][]byte{
		unhex("002a67ad8456eb048e9db3d5846ca3f936f86d0d292a3c6ccfe08c25cc47b968c5"),
		unhex("3fb9522b12bd5d3413a39dc6b213d3c2e23ce0770a01de21c93b2d7e28b4bc6b85"),
		unhex("9bafe0501953e3278519101b00d186cb053d99f4bec4d493b422d53d5758d76e20"),
		unhex("7a1d467b225ca59ce2db1d86953f2459abc90b929f8acc7c74f0fd677bf6fb3579"),
		unhex("cc26a13a97c867bac7017dd8837d762e2ec75409581d03f6ec941c98b895226ac2"),
		unhex("67f4ea58153d7a946570c1a9544faab68794473635d2ba2edaca4134e6a8f8b85e"),
		unhex("bed99b39b7ca0e99cb88855363a071dd430335c7e73f624a055d26db6c81ca9c80"),
	}},
	{secret: []byte("\x00\xff"), shares: [][]byte{
		unhex("0327cc"),
		unhex("ad187a"),
	}},
}
