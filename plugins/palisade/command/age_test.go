package command

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

var _ = addSample("age-decrypt", func(t *testing.T) sample {
	holder := newHolder(t)
	return sample{words: []string{"transit/files"}, in: ageFile(t, "plain", holder), vault: unwrapper(holder)}
})

var _ = addSample("age-identity", func(*testing.T) sample {
	return sample{words: []string{"transit/files"}, vault: answers(map[string]any{
		"transit/keys/files": map[string]any{"latest_version": 2, "keys": map[string]any{"2": map[string]any{"public_key": "age1pq1xyz"}}},
	})}
})

func newHolder(t *testing.T) *age.HybridIdentity {
	t.Helper()
	holder, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return holder
}

func ageFile(t *testing.T, plaintext string, holder *age.HybridIdentity) string {
	t.Helper()
	var file bytes.Buffer
	writer, err := age.Encrypt(&file, holder.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(writer, plaintext); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// unwrapper stands in for a mount, with age's own implementation behind age-unwrap.
func unwrapper(holder *age.HybridIdentity) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Items []struct{ Enc, Body []byte } `json:"batch_input"`
		}
		_ = json.NewDecoder(r.Body).Decode(&request)
		results := []any{}
		for _, item := range request.Items {
			stanza := &age.Stanza{Type: "mlkem768x25519", Args: []string{base64.RawStdEncoding.EncodeToString(item.Enc)}, Body: item.Body}
			if fileKey, err := holder.Unwrap([]*age.Stanza{stanza}); err == nil {
				results = append(results, map[string]any{"file_key": fileKey, "key_version": 1})
			} else {
				results = append(results, map[string]any{"error": "cipher: message authentication failed"})
			}
		}
		answers(map[string]any{"transit/age-unwrap/files": map[string]any{"batch_results": results}}).ServeHTTP(w, r)
	})
}

func TestAgeDecryptOfAFile(t *testing.T) {
	holder := newHolder(t)
	environment(t, unwrapper(holder))
	folder, plaintext := t.TempDir(), strings.Repeat("many bytes ", 30_000)
	in, out := filepath.Join(folder, "in.age"), filepath.Join(folder, "out")
	file := ageFile(t, plaintext, holder)
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(in, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file)
	if got := palisade(t, "", "age-decrypt", "-output="+out, "transit/files", in); got.code != exitOK || got.out+got.err != "" {
		t.Fatalf("code %d: %s", got.code, got.err)
	}
	written, err := os.ReadFile(out)
	if err != nil || string(written) != plaintext {
		t.Errorf("%d bytes, %v", len(written), err)
	}
	if got := palisade(t, "", "age-decrypt", "-output="+out, "transit/files", in); got.code != exitLocal || !strings.Contains(got.err, "exists") {
		t.Errorf("over a file: code %d: %s", got.code, got.err)
	}
	// A damaged file leaves nothing.
	write(file[:len(file)-1])
	again := filepath.Join(folder, "again")
	if got := palisade(t, "", "age-decrypt", "-output="+again, "transit/files", in); got.code != exitLocal || got.err == "" {
		t.Errorf("damaged: code %d: %s", got.code, got.err)
	}
	if _, err := os.Stat(again); !os.IsNotExist(err) {
		t.Errorf("a damaged file leaves its plaintext: %v", err)
	}
}

func TestAgeDecryptRefuses(t *testing.T) {
	environment(t, unwrapper(newHolder(t)))
	for name, test := range map[string]struct{ in, words, want string }{
		"another recipient": {ageFile(t, "x", newHolder(t)), "transit/files", "key files of transit does not open the file"},
		"no age file":       {"hello", "transit/files", "header"},
		"no key":            {"", "files", "does not name a mount and a key"},
		"no file":           {"", "transit/files no-such-file", "opening the input"},
	} {
		got := palisade(t, test.in, append([]string{"age-decrypt"}, strings.Fields(test.words)...)...)
		if got.code != exitLocal || got.out != "" || !strings.Contains(got.err, test.want) {
			t.Errorf("%s: code %d: %s", name, got.code, got.err)
		}
	}
}

func TestAgeIdentity(t *testing.T) {
	environment(t, samples["age-identity"](t).vault)
	got := palisade(t, "", "age-identity", "transit/files")
	for _, want := range []string{"# key: transit/files, version 2\n", "# recipient: age1pq1xyz\n", "\nAGE-PLUGIN-PALISADE-1"} {
		if got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("code %d: %q is not in %s", got.code, want, got.out)
		}
	}
	if got := palisade(t, "", "age-identity", "transit/none"); got.code == exitOK || !strings.Contains(got.err, "there is no key none in transit") {
		t.Errorf("code %d: %s", got.code, got.err)
	}
}
