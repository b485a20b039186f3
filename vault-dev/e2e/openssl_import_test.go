package e2e_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestOpenSSLKeysImport brings keys in that OpenSSL 3.5 made and exported, with the vault
// command, and verifies OpenSSL's signatures with them.
func TestOpenSSLKeysImport(t *testing.T) {
	t.Parallel()
	var file struct {
		Made []struct {
			Suite      string `json:"suite"`
			PrivatePEM string `json:"private_pem"`
			PublicPEM  string `json:"public_pem"`
			Message    []byte `json:"message"`
			Signature  []byte `json:"signature"`
		} `json:"made"`
	}
	packed, err := os.Open(filepath.Join(dev.Root, "pqtransit", "suite", "testdata", "interop", "openssl.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packed.Close() })
	text, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(text).Decode(&file); err != nil || len(file.Made) != 18 {
		t.Fatalf("%d keys, %v", len(file.Made), err)
	}
	for _, theirs := range file.Made {
		t.Run(theirs.Suite, func(t *testing.T) {
			t.Parallel()
			client, name := root(t), uniqueName(t)
			private, _ := pem.Decode([]byte(theirs.PrivatePEM))
			key := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString(private.Bytes)), 0o600); err != nil {
				t.Fatal(err)
			}
			vaultCommand(t, "transit", "import", "pqtransit/keys/"+name, "@"+key, "type="+theirs.Suite)
			s, _ := suite.Lookup(theirs.Suite)
			public, _ := pem.Decode([]byte(theirs.PublicPEM))
			parsed, err := s.Encodings.ParsePKIX(public.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			versions, _ := read(t, client, "pqtransit/keys/"+name)["keys"].(object)
			if entry, _ := versions["1"].(object); entry["public_key"] != parsed.Public().String() {
				t.Errorf("imported as another key: %.60v", entry["public_key"])
			}
			if len(theirs.Signature) == 0 {
				return // a KEM key
			}
			got := write(t, client, "pqtransit/verify/"+name, object{
				"input":     base64.StdEncoding.EncodeToString(theirs.Message),
				"signature": "vault:v1:" + base64.StdEncoding.EncodeToString(theirs.Signature),
			})
			if got["valid"] != true {
				t.Errorf("OpenSSL's signature: %v", got)
			}
		})
	}
}
