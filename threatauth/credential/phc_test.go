package credential

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// goldenHash is what DefaultParams make of "correct horse" under the salt 00 01 .. 0f. The
// reference implementation's argon2id_hash_encoded (libargon2 20190702) gives the same text.
func goldenHash(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/argon2id.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestGoldenHash(t *testing.T) {
	salt := make([]byte, saltSize)
	for i := range salt {
		salt[i] = byte(i)
	}
	if got := newArgon2id(DefaultParams, salt, "correct horse").encode(); got != goldenHash(t) {
		t.Errorf("%s, want %s", got, goldenHash(t))
	}
	hash, err := parsePHC(goldenHash(t))
	if err != nil || !hash.matches("correct horse") || hash.matches("correct horsf") {
		t.Errorf("the golden hash does not tell its password: %v", err)
	}
}

func TestParsePHCRefuses(t *testing.T) {
	good := goldenHash(t)
	replace := func(old, fresh string) string { return strings.Replace(good, old, fresh, 1) }
	for name, text := range map[string]string{
		"empty":            "",
		"other kind":       replace("argon2id", "argon2i"),
		"other version":    replace("v=19", "v=16"),
		"no memory":        replace("m=19456", "m=0"),
		"memory too small": replace("m=19456", "m=7"),
		"memory too large": replace("m=19456", "m=1048577"),
		"no passes":        replace("t=2", "t=0"),
		"too many passes":  replace("t=2", "t=65"),
		"no lanes":         replace("p=1", "p=0"),
		"too many lanes":   replace("p=1", "p=17"),
		"lanes overflow":   replace("p=1", "p=257"),
		"order":            replace("m=19456,t=2", "t=2,m=19456"),
		"twice":            replace("m=19456,t=2", "m=19456,m=19456,t=2"),
		"unknown":          replace("p=1", "p=1,q=1"),
		"missing":          replace(",p=1", ""),
		"leading zero":     replace("t=2", "t=02"),
		"plus":             replace("t=2", "t=+2"),
		"space":            replace("t=2", "t=2 "),
		"padding":          good + "=",
		"trailing":         good + "$",
		"newline":          good + "\n",
		"salt too short":   replace("AAECAwQFBgcICQoLDA0ODw", "AAEC"),
		"salt too long":    replace("AAECAwQFBgcICQoLDA0ODw", base64.RawStdEncoding.EncodeToString(make([]byte, 65))),
		"no salt":          replace("AAECAwQFBgcICQoLDA0ODw", ""),
		"salt bits left":   replace("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODx"),
		"key too long":     good + strings.Repeat("A", 100),
	} {
		if _, err := parsePHC(text); err == nil {
			t.Errorf("%s: %q was accepted", name, text)
		}
	}
	for n := range good {
		if hash, err := parsePHC(good[:n]); err == nil && (len(hash.key) >= keySize || hash.matches("correct horse")) {
			t.Errorf("the first %d bytes are as good as the whole", n)
		}
	}
}

// What parses is written again as the same text, and its cost is within the bounds.
func FuzzParsePHC(f *testing.F) {
	seeds := []string{
		goldenHash(f), "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=1,p=1$$", "$2a$10$x",
	}
	accepted := 0
	for _, seed := range seeds {
		if _, err := parsePHC(seed); err == nil {
			accepted++
		}
		f.Add(seed)
	}
	if accepted < 2 {
		f.Fatalf("%d of the seeds parse, want 2 at least", accepted)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := parsePHC(text)
		if err != nil {
			return
		}
		if hash.encode() != text {
			t.Fatalf("%q is written again as %q", text, hash.encode())
		}
		if hash.MemoryKiB > maxMemoryKiB || hash.MemoryKiB < 8 || hash.Time > maxTime || hash.Time == 0 || hash.Threads > maxThreads || hash.Threads == 0 {
			t.Fatalf("%q has a cost out of bounds", text)
		}
	})
}
