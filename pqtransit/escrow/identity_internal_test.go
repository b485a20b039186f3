package escrow

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What decodes encodes to the same bytes but for white space around it. Opening it is
// Argon2id's and AES-GCM's work.
func FuzzDecodeIdentity(f *testing.F) {
	content, err := os.ReadFile(filepath.Join("testdata", "identity-v1.json"))
	if err != nil || len(content) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	f.Add(content)
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := decodeIdentity(content)
		if err != nil {
			return
		}
		if again, err := file.encode(); err != nil || !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(content)) {
			t.Fatalf("it encodes otherwise: %v", err)
		}
	})
}
