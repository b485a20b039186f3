package suite_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// What self-test says of the Go Cryptographic Module is a claim about code, so changing it
// is deliberate: whoever moves a suite to another library moves its name here.
func TestModules(t *testing.T) {
	want := map[string][]string{
		"inside": {
			"aes128-cbc", "aes128-gcm96", "aes256-cbc", "aes256-gcm96", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519",
			"hmac", "ml-kem-1024", "ml-kem-768", "p256-mlkem768", "p384-mlkem1024", "rsa-2048", "rsa-3072", "rsa-4096",
		},
		"partly": {
			"aes128-cmac", "aes192-cmac", "aes256-cmac",
			"hybrid-ml-dsa-44-ecdsa-p256", "hybrid-ml-dsa-44-ed25519", "hybrid-ml-dsa-65-ecdsa-p256", "hybrid-ml-dsa-65-ecdsa-p384",
			"hybrid-ml-dsa-65-ed25519", "hybrid-ml-dsa-87-ecdsa-p384", "hybrid-ml-dsa-87-ecdsa-p521", "x25519-mlkem768",
		},
		"outside": {
			"chacha20-poly1305", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "ml-kem-512",
			"slh-dsa-sha2-128f", "slh-dsa-sha2-128s", "slh-dsa-sha2-192f", "slh-dsa-sha2-192s", "slh-dsa-sha2-256f", "slh-dsa-sha2-256s",
			"slh-dsa-shake-128f", "slh-dsa-shake-128s", "slh-dsa-shake-192f", "slh-dsa-shake-192s", "slh-dsa-shake-256f", "slh-dsa-shake-256s",
		},
	}
	got := map[string][]string{}
	for _, s := range suite.All() {
		got[s.Module.String()] = append(got[s.Module.String()], s.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
