package pqtransit_test

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// exportedAs is version 1 of one part of a key in a format.
func exportedAs(t testing.TB, m *backendtest.Mount, path, format string) string {
	t.Helper()
	answer := m.Do(t.Context(), logical.ReadOperation, "export/"+path, object{"format": format})
	keys, _ := answer.Data["keys"].(object)
	text, ok := keys["1"].(string)
	if !ok {
		t.Fatalf("%s as %s: %d %s", path, format, answer.Status, answer.Message)
	}
	return text
}

// unencoded is what travels of a text in a format: DER or the raw key.
func unencoded(t testing.TB, format, text string) []byte {
	t.Helper()
	if format == "pem" {
		block, rest := pem.Decode([]byte(text))
		if block == nil || len(rest) != 0 {
			t.Fatal("not one PEM block")
		}
		return block.Bytes
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// privatePart is the export of a suite's private keys, empty where it has none but the HMAC
// key's.
func privatePart(algorithm *suite.Suite) string {
	switch {
	case algorithm.Purpose.Has(suite.Signing):
		return "signing-key/"
	case algorithm.Purpose.Has(suite.Encryption):
		return "encryption-key/"
	}
	return ""
}

// Every format of every suite leaves, comes in under another name, and leaves the same.
func TestEveryFormatOfEverySuite(t *testing.T) {
	counted := 0
	for _, algorithm := range quickSuites() {
		counted += len(algorithm.PublicFormats()) + len(algorithm.PrivateFormats())
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			public := withWrapping(t, m)
			made := asked(algorithm)
			made["exportable"] = true
			m.MustWrite("keys/k", made)
			for _, format := range algorithm.PublicFormats() {
				text := exportedAs(t, m, "public-key/k", format)
				_, versions := withoutKeys(t, m.Do(t.Context(), logical.ReadOperation, "keys/k", object{"format": format}))
				if version, _ := versions["1"].(object); version["public_key"] != text {
					t.Errorf("%s: a read shows another public key", format)
				}
				if format == "age" {
					continue
				}
				half := asked(algorithm)
				half["public_key"] = text
				mustImport(t, m, "keys/public-"+format+"/import", half)
				if again := exportedAs(t, m, "public-key/public-"+format, format); again != text {
					t.Errorf("%s: another public key", format)
				}
			}
			part := privatePart(algorithm)
			if part == "" {
				return
			}
			for _, format := range algorithm.PrivateFormats() {
				text := exportedAs(t, m, part+"k", format)
				whole := asked(algorithm)
				whole["exportable"] = true
				whole["ciphertext"] = wrap(t, public, "SHA256", unencoded(t, format, text))
				mustImport(t, m, "keys/private-"+format+"/import", whole)
				if exportedAs(t, m, part+"private-"+format, format) != text {
					t.Errorf("%s: another private key", format)
				}
			}
		})
	}
	if counted < 150 {
		t.Errorf("only %d formats", counted)
	}
}

func TestFormatsThatATypeHasNot(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{"exportable": true})
	m.MustWrite("keys/p", object{"type": "p256-mlkem768", "exportable": true})
	m.MustWrite("keys/s", object{"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f", "exportable": true})
	m.MustWrite("keys/h", object{"type": "hmac", "exportable": true})
	for path, test := range map[string]struct{ format, want string }{
		"export/public-key/p":     {"pem", `public keys of type p256-mlkem768 have no format "pem": use one of raw`},
		"export/encryption-key/p": {"pem", `private keys of type p256-mlkem768 have no format "pem": use one of raw`},
		"export/encryption-key/a": {"jwk", `private keys of type aes256-gcm96 have no format "jwk": use one of raw`},
		"export/public-key/a":     {"raw", "unknown key type aes256-gcm96 for export type public-key"},
		"export/public-key/s":     {"jwk", `public keys of type slh-dsa-sha2-128f have no format "jwk": use one of pem, der, raw`},
		"export/signing-key/s":    {"age", `private keys of type slh-dsa-sha2-128f have no format "age": use one of pem, der, raw`},
		"export/hmac-key/s":       {"pem", `export type hmac-key has no format "pem": use raw`},
		"keys/s":                  {"age", `public keys of type slh-dsa-sha2-128f have no format "age": use one of pem, der, raw`},
		"keys/a":                  {"pem", "keys of type aes256-gcm96 have no public half, and so no format"},
		"keys/h":                  {"pem", "keys of type hmac have no public half, and so no format"},
	} {
		wantRefused(t, path, m.Do(t.Context(), logical.ReadOperation, path, object{"format": test.format}), test.want)
	}
	if got := exportedAs(t, m, "hmac-key/s", "raw"); got != exported(t, m, "hmac-key/s")["1"] {
		t.Error("raw is not the HMAC key's default")
	}
}

// A mixed key is read in a format of its latest version; older ones that have it not are empty.
func TestFormatOfAMixedKey(t *testing.T) {
	m := withRSA(t)
	m.MustWrite("keys/"+rsa+"/rotate", object{"type": hybrid})
	_, versions := withoutKeys(t, m.Do(t.Context(), logical.ReadOperation, "keys/"+rsa, object{"format": "age"}))
	first, _ := versions["1"].(object)
	second, _ := versions["2"].(object)
	if text, _ := second["public_key"].(string); first["public_key"] != "" || !strings.HasPrefix(text, "age1pq1") {
		t.Errorf("%.30v %.30v", first["public_key"], second["public_key"])
	}
	wantRefused(t, "jwk", m.Do(t.Context(), logical.ReadOperation, "keys/"+rsa, object{"format": "jwk"}), "public keys of type x25519-mlkem768 have no format")
}

// publishedKey is the DER of a PEM file of package suite's test data.
func publishedKey(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("suite", "testdata", "rfc-keys", name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is no PEM", name)
	}
	return block.Bytes
}

// The RFCs' own keys, good and deliberately bad, come in through the import.
func TestImportOfPublishedKeys(t *testing.T) {
	m := newMount(t)
	public := withWrapping(t, m)
	const expandedOnly, disagree = "the private key has only its expanded form", "its seed and its expanded key do not belong together"
	tests := []struct{ kind, set, file, refusal string }{
		{"ml-dsa", "44", "ml-dsa/bad-ML-DSA-44-1.priv", disagree},
		{"ml-dsa", "44", "ml-dsa/bad-ML-DSA-44-2.priv", expandedOnly},
		{"ml-dsa", "44", "ml-dsa/bad-ML-DSA-44-3.priv", expandedOnly},
		{"ml-kem", "512", "ml-kem/bad-ML-KEM-512-1.priv", disagree},
		{"ml-kem", "512", "ml-kem/bad-ML-KEM-512-2.priv", expandedOnly},
		{"ml-kem", "512", "ml-kem/bad-ML-KEM-512-3.priv", expandedOnly},
		{"ml-kem", "512", "ml-kem/bad-ML-KEM-512-4.priv", disagree},
		{"ml-dsa", "65", "ml-dsa/ML-DSA-44-seed.priv", "the key is of another type"},
		{"slh-dsa", "slh-dsa-sha2-128s", "slh-dsa/id-slh-dsa-sha2-128s.priv", ""},
	}
	for _, set := range []string{"44", "65", "87"} {
		tests = append(tests, published("ml-dsa", "ML-DSA-", set, expandedOnly)...)
	}
	for _, set := range []string{"512", "768", "1024"} {
		tests = append(tests, published("ml-kem", "ML-KEM-", set, expandedOnly)...)
	}
	for _, test := range tests {
		name := strings.ToLower(strings.NewReplacer("/", "-", ".", "-").Replace(test.set + test.file))
		request := object{
			"type": test.kind, "parameter_set": test.set, "exportable": true,
			"ciphertext": wrap(t, public, "SHA256", publishedKey(t, test.file)),
		}
		if test.refusal != "" {
			got := m.Write("keys/"+name+"/import", request)
			wantRefused(t, test.file, got, "error importing key: not a key of type ")
			if !strings.Contains(got.Message, test.refusal) {
				t.Errorf("%s: %s", test.file, got.Message)
			}
			continue
		}
		mustImport(t, m, "keys/"+name+"/import", request)
		want := strings.NewReplacer("-seed.priv", ".pub", "-both.priv", ".pub", ".priv", ".pub").Replace(test.file)
		if got := exportedAs(t, m, "public-key/"+name, "pem"); string(unencoded(t, "pem", got)) != string(publishedKey(t, want)) {
			t.Errorf("%s: another public key", test.file)
		}
	}
	if len(tests) != 27 {
		t.Errorf("%d tests", len(tests))
	}
}

func published(kind, prefix, set, expandedOnly string) []struct{ kind, set, file, refusal string } {
	stem := kind + "/" + prefix + set
	return []struct{ kind, set, file, refusal string }{
		{kind, set, stem + "-seed.priv", ""},
		{kind, set, stem + "-both.priv", ""},
		{kind, set, stem + "-expanded.priv", expandedOnly},
	}
}

// An imported KEM key may be for encapsulation, and stays so in its further versions.
func TestImportForEncapsulation(t *testing.T) {
	m := newMount(t)
	public := withWrapping(t, m)
	seed := func(value byte) string { return wrap(t, public, "SHA256", []byte(strings.Repeat(string(value), 64))) }
	mustImport(t, m, "keys/k/import", object{"type": "ml-kem", "parameter_set": "768", "purpose": "key-encapsulation", "ciphertext": seed('a')})
	mustImport(t, m, "keys/k/import_version", object{"ciphertext": seed('b')})
	for _, number := range []int{1, 2} {
		made := m.MustWrite("encapsulate/k", object{"key_version": number}).Data
		got := m.MustWrite("decapsulate/k", object{"ciphertext": made["ciphertext"], "confirmation": made["confirmation"]}).Data
		if made["shared_secret"] == nil || got["shared_secret"] != made["shared_secret"] {
			t.Errorf("version %d: the two sides have different secrets", number)
		}
	}
	wantRefused(t, "encrypt", m.Write("encrypt/k", object{"plaintext": b64("x")}), "message encryption not supported")
	wantRefused(t, "purpose", m.Write("keys/d/import", object{"type": "ml-dsa", "parameter_set": "44", "purpose": "key-encapsulation", "ciphertext": seed('a')}), "keys of type ml-dsa-44 cannot be for key-encapsulation")
	wantRefused(t, "set", m.Write("keys/d/import", object{"type": "ml-dsa", "parameter_set": "46", "ciphertext": seed('a')}), "invalid parameter set 46 for key type ml-dsa")
}
