package command

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var keyBytes = bytes.Repeat([]byte{7}, 32)

var _ = addSample("transit import", func(*testing.T) sample {
	return sample{words: []string{"transit/orders"}, in: string(keyBytes), vault: &importer{}}
})

var _ = addSample("transit import-version", func(*testing.T) sample {
	return sample{words: []string{"transit/orders"}, in: string(keyBytes), vault: &importer{}}
})

// importer stands in for a mount with a hybrid wrapping key, and keeps what was imported.
type importer struct {
	builtIn bool
	path    string
	got     map[string]any
}

func wrappingKeyOfImporter() (*suite.Suite, suite.Key) {
	to, _ := suite.Lookup("x25519-mlkem768")
	key, err := to.Parse(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err)
	}
	return to, key
}

func (i *importer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, key := wrappingKeyOfImporter()
	wrapping := map[string]any{"public_key": key.Public().String(), "type": r.URL.Query().Get("type"), "key_id": byok.KeyID(key.Public())}
	if i.builtIn {
		delete(wrapping, "type")
	}
	if strings.Contains(r.URL.Path, "/import") {
		i.path = strings.TrimPrefix(r.URL.Path, "/v1/")
		_ = json.NewDecoder(r.Body).Decode(&i.got)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answers(map[string]any{
		"transit/wrapping_key": wrapping,
		"transit/keys/orders":  map[string]any{"name": "orders", "type": "aes256-gcm96", "latest_version": 3},
	}).ServeHTTP(w, r)
}

// unwrapped is the key that came, and what else was sent.
func (i *importer) unwrapped(t *testing.T, name string) ([]byte, map[string]any) {
	t.Helper()
	_, key := wrappingKeyOfImporter()
	text, _ := i.got["ciphertext"].(string)
	parsed, err := byok.ParseHPKE(text)
	if err != nil {
		t.Fatal(err)
	}
	algorithm, _ := suite.Lookup(name)
	form, err := parsed.Unwrap(key, algorithm)
	if err != nil {
		t.Fatal(err)
	}
	rest := maps.Clone(i.got)
	delete(rest, "ciphertext")
	return form.Bytes(), rest
}

func TestImportWrapsHere(t *testing.T) {
	vault := &importer{}
	environment(t, vault)
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(keyBytes)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := palisade(t, "", "transit", "import", "-exportable", "-allow-rotation=false", "-auto-rotate-period=24h", "transit/orders", path)
	if got.code != exitOK || !strings.Contains(got.out, "transit/orders    aes256-gcm96    3") {
		t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
	}
	key, rest := vault.unwrapped(t, "aes256-gcm96")
	want := map[string]any{"type": "aes256-gcm96", "exportable": true, "allow_rotation": false, "auto_rotate_period": "24h"}
	if diff := cmp.Diff(want, rest); diff != "" || !bytes.Equal(key, keyBytes) || vault.path != "transit/keys/orders/import" {
		t.Errorf("%s: %s", vault.path, diff)
	}
}

func TestImportOfATypeWithParameters(t *testing.T) {
	vault := &importer{}
	environment(t, vault)
	got := palisade(t, string(keyBytes), "transit", "import", "-type=ml-dsa", "-parameter-set=65", "transit/orders")
	if got.code != exitOK {
		t.Fatal(got.err)
	}
	form, rest := vault.unwrapped(t, "ml-dsa-65")
	if diff := cmp.Diff(map[string]any{"type": "ml-dsa", "parameter_set": "65"}, rest); diff != "" || len(form) != 54 {
		t.Errorf("%d bytes: %s", len(form), diff)
	}
}

func TestImportVersionReadsTheType(t *testing.T) {
	vault := &importer{}
	environment(t, vault)
	got := palisade(t, string(keyBytes), "transit", "import-version", "-key-version=2", "transit/orders")
	if got.code != exitOK {
		t.Fatal(got.err)
	}
	key, rest := vault.unwrapped(t, "aes256-gcm96")
	if diff := cmp.Diff(map[string]any{"version": 2.0}, rest); diff != "" || !bytes.Equal(key, keyBytes) || vault.path != "transit/keys/orders/import_version" {
		t.Errorf("%s: %s", vault.path, diff)
	}
	if got := palisade(t, string(keyBytes), "transit", "import-version", "transit/none"); got.code != exitLocal || !strings.Contains(got.err, "there is no such key") {
		t.Errorf("code %d: %s", got.code, got.err)
	}
}

func TestImportOfAPublicKey(t *testing.T) {
	vault := &importer{}
	environment(t, vault)
	to, key := wrappingKeyOfImporter()
	text, err := to.PublicText("pem", key)
	if err != nil {
		t.Fatal(err)
	}
	got := palisade(t, text, "transit", "import", "-public", "-type=x25519-mlkem768", "transit/orders")
	if got.code != exitOK || vault.got["public_key"] != strings.TrimSpace(text) || vault.got["ciphertext"] != nil {
		t.Errorf("code %d: %s %v", got.code, got.err, vault.got)
	}
}

func TestImportRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		vault *importer
		in    string
		words []string
		want  string
	}{
		"a short key":         {&importer{}, "short", nil, "the file holds no private key of type aes256-gcm96"},
		"nothing":             {&importer{}, "", nil, "empty"},
		"an unknown type":     {&importer{}, "x", []string{"-type=rot13"}, "unknown key type"},
		"an unknown set":      {&importer{}, "x", []string{"-type=ml-dsa", "-parameter-set=66"}, "invalid parameter set"},
		"an unknown wrapping": {&importer{}, "x", []string{"-wrapping-type=ml-kem"}, "-wrapping-type must be one of p384-mlkem1024, x25519-mlkem768, rsa-4096"},
		"an unknown encoding": {&importer{}, "x", []string{"-encoding=hex"}, "-encoding must be one of"},
		"a long file":         {&importer{}, strings.Repeat("x", maxKeyFile+1), nil, "too long"},
		"the built-in engine": {&importer{builtIn: true}, string(keyBytes), nil, "served by the built-in engine"},
		"no public key":       {&importer{}, "x", []string{"-public", "-type=ed25519"}, "invalid public key"},
	} {
		environment(t, test.vault)
		got := palisade(t, test.in, append([]string{"transit", "import", "transit/orders"}, test.words...)...)
		if got.code != exitLocal || got.out != "" || !strings.Contains(got.err, test.want) || test.vault.got != nil {
			t.Errorf("%s: code %d: %s", name, got.code, got.err)
		}
	}
}
