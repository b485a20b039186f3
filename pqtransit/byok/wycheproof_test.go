package byok_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/byok"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// TestWycheproofKWP unwraps every vector with a key of 256 bits, the only size here, after the
// key was encrypted as an importing client does.
func TestWycheproofKWP(t *testing.T) {
	var file struct {
		Groups []struct {
			KeySize int `json:"keySize"`
			Tests   []struct {
				ID      int      `json:"tcId"`
				Key     hexBytes `json:"key"`
				Message hexBytes `json:"msg"`
				Wrapped hexBytes `json:"ct"`
				Result  string   `json:"result"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	readGzip(t, "testdata/aes_kwp_test.json.gz", &file)
	private, hash := newKey(t), hashOf(t, "SHA256")
	ran := map[string]int{}
	for _, group := range file.Groups {
		if group.KeySize != 256 {
			continue
		}
		for _, test := range group.Tests {
			transport, err := rsa.EncryptOAEP(hash(), rand.Reader, &private.PublicKey, test.Key, nil)
			if err != nil {
				t.Fatal(err)
			}
			key, err := byok.Unwrap(private, hash, append(transport, test.Wrapped...))
			result := test.Result
			if result == "valid" && len(test.Message) <= 8 {
				result = "refused" // RFC 5649 treats these apart, and no key is so short
			}
			if (err == nil) != (result == "valid") || err == nil && !bytes.Equal(key, test.Message) {
				t.Errorf("test %d: %d bytes, %v; want %s", test.ID, len(key), err, result)
			}
			ran[result]++
		}
	}
	if diff := cmp.Diff(map[string]int{"valid": 17, "invalid": 69, "refused": 8}, ran); diff != "" {
		t.Errorf("vectors (-want +ran): %s", diff)
	}
}

func readGzip(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(unzipped).Decode(into); err != nil {
		t.Fatal(err)
	}
}
