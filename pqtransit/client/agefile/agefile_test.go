package agefile_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/client/agefile"
)

// server stands in for Vault, with age's own implementation behind age-unwrap.
func server(t *testing.T, holder *age.HybridIdentity) *agefile.Identity {
	t.Helper()
	made := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Items []struct{ Enc, Body []byte } `json:"batch_input"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.URL.Path != "/v1/transit/age-unwrap/files" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		results := []map[string]any{}
		for _, item := range request.Items {
			stanza := &age.Stanza{Type: "mlkem768x25519", Args: []string{base64.RawStdEncoding.EncodeToString(item.Enc)}, Body: item.Body}
			if fileKey, err := holder.Unwrap([]*age.Stanza{stanza}); err == nil {
				results = append(results, map[string]any{"file_key": fileKey, "key_version": 1})
			} else {
				results = append(results, map[string]any{"error": "cipher: message authentication failed"})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"batch_results": results}})
	}))
	t.Cleanup(made.Close)
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = made.URL, 0
	vault, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return &agefile.Identity{Context: t.Context(), Mount: client.NewMount(vault, "transit"), Key: "files"}
}

func newIdentity(t *testing.T) *age.HybridIdentity {
	t.Helper()
	made, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func encrypted(t *testing.T, plaintext string, armored bool, recipients ...age.Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	var out io.Writer = &file
	closers := []io.Closer{}
	if armored {
		text := armor.NewWriter(&file)
		out, closers = text, append(closers, text)
	}
	writer, err := age.Encrypt(out, recipients...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(writer, plaintext); err != nil {
		t.Fatal(err)
	}
	for _, closer := range append([]io.Closer{writer}, closers...) {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func decrypted(identity *agefile.Identity, file []byte) (string, error) {
	reader, err := agefile.Decrypt(identity, bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	plaintext, err := io.ReadAll(reader)
	return string(plaintext), err
}

func TestDecrypt(t *testing.T) {
	holder := newIdentity(t)
	identity := server(t, holder)
	for _, plaintext := range []string{"", "a", strings.Repeat("long ", 50_000)} {
		for _, armored := range []bool{false, true} {
			file := encrypted(t, plaintext, armored, newIdentity(t).Recipient(), holder.Recipient())
			if got, err := decrypted(identity, file); err != nil || got != plaintext {
				t.Errorf("%d bytes, armored %v: %d bytes, %v", len(plaintext), armored, len(got), err)
			}
		}
	}
}

func TestDecryptRefuses(t *testing.T) {
	holder := newIdentity(t)
	identity := server(t, holder)
	classical, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := encrypted(t, "secret", false, holder.Recipient())
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"another recipient": {encrypted(t, "x", false, newIdentity(t).Recipient()), "key files of transit does not open the file: cipher"},
		"classical":         {encrypted(t, "x", false, classical.Recipient()), "not encrypted to a post-quantum recipient"},
		"no age file":       {[]byte("hello"), "failed to read header"},
		"truncated":         {file[:len(file)-1], ""},
		"changed":           {append(bytes.Clone(file[:len(file)-1]), file[len(file)-1]^1), ""},
	} {
		if got, err := decrypted(identity, test.file); err == nil || got != "" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	identity.Key = "other"
	_, err = decrypted(identity, file)
	if refused, ok := errors.AsType[*api.ResponseError](err); !ok || refused.StatusCode != http.StatusForbidden {
		t.Errorf("a refusal of Vault's is %v", err)
	}
}

func TestUnwrapOfMalformedStanzas(t *testing.T) {
	identity := server(t, newIdentity(t))
	for name, stanza := range map[string]*age.Stanza{
		"no argument":   {Type: "mlkem768x25519"},
		"two arguments": {Type: "mlkem768x25519", Args: []string{"AA", "AA"}},
		"no base64":     {Type: "mlkem768x25519", Args: []string{"?"}},
		"padded":        {Type: "mlkem768x25519", Args: []string{"AA=="}},
	} {
		if got, err := identity.Unwrap([]*age.Stanza{stanza}); err == nil || got != nil || errors.Is(err, age.ErrIncorrectIdentity) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPluginIdentity(t *testing.T) {
	for _, mount := range []string{"transit", "team/a/transit"} {
		text := agefile.PluginIdentity(client.NewMount(nil, mount), "files")
		if !strings.HasPrefix(text, "AGE-PLUGIN-PALISADE-1") {
			t.Fatal(text)
		}
		name, data, err := plugin.ParseIdentity(text)
		if err != nil || name != agefile.PluginName {
			t.Fatal(name, err)
		}
		gotMount, key, err := agefile.ParsePluginIdentity(data)
		if err != nil || gotMount != mount || key != "files" {
			t.Errorf("%q %q %v", gotMount, key, err)
		}
	}
	for _, data := range [][]byte{nil, {1}, []byte("\x02a/b"), []byte("\x01a")} {
		if mount, key, err := agefile.ParsePluginIdentity(data); err == nil || mount+key != "" {
			t.Errorf("%q is taken", data)
		}
	}
}
