package keyring

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixedKey is a key with every field of the stored form set, from fixed material.
func fixedKey(t testing.TB) *Key {
	t.Helper()
	created := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	version := func(number int, algorithm string, material []byte) *Version {
		found, ok := suite.Lookup(algorithm)
		if !ok {
			t.Fatalf("no suite %s", algorithm)
		}
		key, err := found.Parse(material)
		if err != nil {
			t.Fatal(err)
		}
		return &Version{
			Number: number, Suite: found, Purpose: suite.Encryption, Created: created.AddDate(0, 0, number),
			key: made(key), hmacKey: suite.NewSecret(bytes.Repeat([]byte{byte(0x40 + number)}, 32)),
		}
	}
	symmetric := version(2, "aes256-gcm96", bytes.Repeat([]byte{0x02}, 32))
	hybrid := version(3, "x25519-mlkem768", bytes.Repeat([]byte{0x03}, 32))
	public, err := hybrid.Suite.ParsePublic(hybrid.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	imported := *hybrid
	imported.Number, imported.key, imported.Certificates = 4, made(public), [][]byte{{0x30, 0x00}}
	return &Key{
		Name:   "billing-2026.a_b",
		Latest: 4,
		Settings: Settings{
			Exportable: true, DeletionAllowed: true, MinDecryption: 2, MinEncryption: 3, MinAvailable: 2,
			AutoRotatePeriod: 24 * time.Hour, Imported: true, ImportedRotation: true,
			Backup: &Event{Time: created, Version: 2}, Restore: &Event{Time: created, Version: 3},
		},
		versions: map[int]*Version{2: symmetric, 3: hybrid, 4: &imported},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the stored form has changed, which needs a new format version:\n got %s\nwant %s", name, got, want)
	}
}

func TestStoredFormsAreFrozen(t *testing.T) {
	key := fixedKey(t)
	encoded, err := encodeOwn(key, wholeFormat)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "own-key.golden.json", encoded)
	stub, err := encodeStub(key.Name)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "stub.golden.json", stub)
	if !isStub(stub) {
		t.Error("the stub is not recognised")
	}
}

func TestDecodeOwnReadsTheGoldenFile(t *testing.T) {
	value, err := os.ReadFile(filepath.Join("testdata", "own-key.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := decodeOwn("billing-2026.a_b", value, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if key.Latest != 4 || len(key.Versions()) != 3 || !key.Mixed() || key.Suite().Name != "x25519-mlkem768" {
		t.Errorf("decoded another key: latest %d, %d versions", key.Latest, len(key.versions))
	}
	if !key.versions[2].hmacKey.Equal(fixedKey(t).versions[2].hmacKey) {
		t.Error("the HMAC key has changed")
	}
	sealed, _, err := lawless(fixedKey(t)).Encrypt(Parameters{Version: 3}, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Decrypt(Parameters{}, sealed); err != nil || string(got) != "x" {
		t.Errorf("decrypt = %q, %v", got, err)
	}
}

func TestDecodeOwnRefuses(t *testing.T) {
	encoded, err := encodeOwn(fixedKey(t), wholeFormat)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if !bytes.Contains(encoded, []byte(old)) {
			t.Fatalf("the golden form has no %q", old)
		}
		return bytes.Replace(encoded, []byte(old), []byte(new), 1)
	}
	tests := []struct {
		name  string
		value []byte
		want  string
	}{
		{"nothing", nil, "not a JSON object"},
		{"not JSON", []byte("vault"), "not a JSON object"},
		{"truncated", encoded[:len(encoded)-1], "not a JSON object"},
		{"later format", replace(`"format":1`, `"format":3`), "format 3"},
		{"no format", replace(`"format":1,`, ``), "format 0"},
		{"another key's", replace(`"billing-2026.a_b"`, `"other"`), "another key's name"},
		{"trailing data", append(bytes.Clone(encoded), '{'), "not a JSON object"},
		{"trailing space", append(bytes.Clone(encoded), ' '), "canonical"},
		{"unknown field", replace(`"derived":false`, `"derived":false,"x":1`), "canonical"},
		{"duplicate field", replace(`"derived":false`, `"derived":false,"derived":false`), "canonical"},
		{"field in capitals", replace(`"derived"`, `"DERIVED"`), "canonical"},
		{"wrong type", replace(`"derived":false`, `"derived":0`), "does not decode"},
		{"unknown suite", replace(`"x25519-mlkem768"`, `"rot13"`), "unknown key type"},
		{"chunks in the first format", replace(`"versions":[`, `"chunks":[{"first":1,"last":1,"entry":1,"sha256":""}],"versions":[`), "has chunks"},
		{"no material", replace(`"private":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",`, ``), "has no key"},
		{"unknown purpose", replace(`["encryption"]`, `["decoration"]`), "purpose"},
		{"purpose beyond the suite", replace(`["encryption"]`, `["signing"]`), "purpose"},
		{"no purpose", replace(`["encryption"]`, `null`), "purpose"},
		{"version gap", replace(`"version":3,"suite"`, `"version":5,"suite"`), "where version 3 should be"},
		{"no versions", []byte(`{"format":1,"name":"billing-2026.a_b"}`), "no versions"},
		{"decryption minimum too low", replace(`"min_decryption_version":2`, `"min_decryption_version":1`), "minimum decryption"},
		{"decryption minimum too high", replace(`"min_decryption_version":2`, `"min_decryption_version":5`), "minimum decryption"},
		{"encryption minimum too low", replace(`"min_encryption_version":3`, `"min_encryption_version":1`), "minimum encryption"},
		{"endless period", replace(`"auto_rotate_seconds":86400`, `"auto_rotate_seconds":9223372036854775807`), "out of range"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := decodeOwn("billing-2026.a_b", test.value, nil, nil)
			if err == nil || key != nil {
				t.Fatalf("decoded %v", key)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q in it", err, test.want)
			}
			if strings.Contains(err.Error(), "AgICAg") {
				t.Errorf("error %q quotes key material", err)
			}
		})
	}
}

// FuzzDecodeOwn holds that whatever decodes encodes to the same bytes.
func FuzzDecodeOwn(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("testdata", "*.golden.json"))
	if err != nil || len(seeds) < 4 {
		f.Fatalf("%d seeds, %v", len(seeds), err)
	}
	for _, path := range seeds {
		value, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	_, chunks := chunked(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		isStub(value)
		key, err := decodeOwn("billing-2026.a_b", value, nil, from(chunks))
		if err != nil {
			if key != nil {
				t.Fatal("a key along with an error")
			}
			return
		}
		format := wholeFormat
		if bytes.HasPrefix(value, []byte(`{"format":2,`)) {
			format = ownFormat
		}
		encoded, err := encodeOwn(key, format)
		if err != nil || !bytes.Equal(encoded, value) {
			t.Fatalf("encodes to %s, %v", encoded, err)
		}
		if len(key.Versions()) == 0 {
			t.Fatal("a key without usable versions")
		}
	})
}
