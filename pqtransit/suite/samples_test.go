package suite_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// readSample reads the worked examples of LAMPS's drafts: names with hexadecimal values that
// run over lines.
func readSample(t *testing.T, name string) map[string][]byte {
	t.Helper()
	vectorFiles.Store(name, true)
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]byte{}
	for _, found := range regexp.MustCompile(`(?m)^([A-Za-z()' ]+):\s+((?:[0-9a-f]+\s+)+|<empty>)`).FindAllStringSubmatch(string(text)+"\n", -1) {
		value, err := hex.DecodeString(strings.Join(strings.Fields(strings.TrimPrefix(found[2], "<empty>")), ""))
		if err != nil {
			t.Fatalf("%s, %s: %v", name, found[1], err)
		}
		values[found[1]] = value
	}
	return values
}

// TestCompositeKEMCombiner computes the draft's worked examples with the hybrid KEMs' own
// combiner, which is the same.
func TestCompositeKEMCombiner(t *testing.T) {
	for name, file := range map[string]string{
		"x25519-mlkem768": "kemCombiner_MLKEM768_X25519_SHA3_256.txt",
		"p256-mlkem768":   "kemCombiner_MLKEM768_ECDH_P256_SHA3_256.txt",
		"p384-mlkem1024":  "kemCombiner_MLKEM1024_ECDH_P384_SHA3_256.txt",
	} {
		sample := readSample(t, "composite-kem/"+file)
		want := sample["ss"]
		if len(want) != 32 || len(sample["mlkemSS"]) != 32 || len(sample["tradPK"]) == 0 {
			t.Fatalf("%s: read %d values", file, len(sample))
		}
		if got := suite.Combine(name, sample["mlkemSS"], sample["tradSS"], sample["tradCT"], sample["tradPK"]); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
}

// TestCompositeMessageFormat makes the draft's M' with and without a context.
func TestCompositeMessageFormat(t *testing.T) {
	key := goldenKey(t, find(t, "hybrid-ml-dsa-65-ecdsa-p256"))
	for _, file := range []string{"messageFormatSample_ctx.txt", "messageFormatSample_noctx.txt"} {
		sample := readSample(t, "composite-sigs/"+file)
		want := sample["M'"]
		if len(want) < 64 || len(sample["M"]) != 10 || strings.HasSuffix(file, "_ctx.txt") != (len(sample["ctx"]) > 0) {
			t.Fatalf("%s: read %d values", file, len(sample))
		}
		if got := suite.Representative(key, sample["ctx"], sample["M"]); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", file, got, want)
		}
	}
}

// TestWycheproofHKDF runs the vectors whose salt is absent, as it is in every derivation here.
func TestWycheproofHKDF(t *testing.T) {
	var file struct {
		Groups []struct {
			Tests []struct {
				ID     int      `json:"tcId"`
				Key    hexBytes `json:"ikm"`
				Salt   hexBytes `json:"salt"`
				Info   hexBytes `json:"info"`
				Size   int      `json:"size"`
				Output hexBytes `json:"okm"`
				Result string   `json:"result"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	readGzip(t, "wycheproof/hkdf_sha256_test.json.gz", &file)
	ran := 0
	for _, group := range file.Groups {
		for _, test := range group.Tests {
			if len(test.Salt) > 0 || len(test.Info) == 0 {
				continue
			}
			ran++
			got, err := suite.Expand(suite.HKDFSHA256, test.Key, test.Info, test.Size)
			if (err == nil) != (test.Result == "valid") || (err == nil && !bytes.Equal(got, test.Output)) {
				t.Errorf("test %d: %x, %v; want %s", test.ID, got, err, test.Result)
			}
		}
	}
	if ran != hkdfWithoutSalt {
		t.Errorf("ran %d vectors, want %d", ran, hkdfWithoutSalt)
	}
}

// hkdfWithoutSalt is how many of the file's 86 those are.
const hkdfWithoutSalt = 13

// TestFreshForgetsItsSeed holds that nothing but the key itself keeps what it was made of.
func TestFreshForgetsItsSeed(t *testing.T) {
	var seen []byte
	key, err := suite.Fresh(32, func(seed []byte) (suite.Key, error) {
		seen = seed
		return find(t, "aes256-gcm96").Parse(seed)
	})
	if err != nil || !bytes.Equal(seen, make([]byte, 32)) || bytes.Equal(key.Private().Bytes(), seen) {
		t.Errorf("the seed is %x after its use (%v)", seen, err)
	}
}
