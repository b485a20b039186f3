package posture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/posture"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// schema is CycloneDX's own.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	for url, file := range map[string]string{
		"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
		"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.ReadFile("testdata/cyclonedx/" + file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(url, parsed); err != nil {
			t.Fatal(err)
		}
	}
	compiler.AssertFormat()
	compiled, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func document() posture.Document {
	return posture.Document{
		Mount: "transit/", Serial: "3e671687-395b-41f5-a30f-a58921a69b79", Tool: "pqtransit", Version: "v0.1.0", Time: now,
	}
}

func bill(t testing.TB, about posture.Document, keys ...posture.KeyReport) []byte {
	t.Helper()
	var out bytes.Buffer
	bom := posture.NewBOM(&out, about)
	for _, key := range keys {
		bom.Add(key)
	}
	if err := bom.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func validate(t testing.TB, text []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return schema(t).Validate(parsed)
}

func TestBillsAreValid(t *testing.T) {
	free := rules(t, cryptopolicy.Policy{})
	var every []posture.KeyReport
	for _, s := range suite.All() {
		k := key(t, s.Name, s.Name)
		k.Name = s.Name
		every = append(every, posture.Assess(k, free, now))
	}
	later := whole(t) // of a release that knows more algorithms
	later.Versions[2].Type = "later-1024"
	partial := document()
	partial.Next = "orders"
	for name, text := range map[string][]byte{
		"no key":      bill(t, document()),
		"every suite": bill(t, document(), every...),
		"all fields":  bill(t, partial, whole(t)),
		"later":       bill(t, document(), later),
	} {
		if err := validate(t, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The validation can fail.
	for _, change := range [][2]string{
		{`"related-crypto-material"`, `"key-material"`},
		{`"primitive":"pke"`, `"primitive":"rsa"`},
		{`"nistQuantumSecurityLevel":1`, `"nistQuantumSecurityLevel":7`},
		{`"state":"active"`, `"state":"idle"`},
	} {
		wrong := strings.ReplaceAll(string(bill(t, document(), whole(t))), change[0], change[1])
		if validate(t, []byte(wrong)) == nil {
			t.Errorf("valid with %s", change[1])
		}
	}
}

func TestBillIsFrozen(t *testing.T) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, bill(t, document(), whole(t)), "", "  "); err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/bom.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), indented.String()); diff != "" {
		t.Error(diff)
	}
}

// References lead somewhere, and nothing is there twice.
func TestReferencesInABill(t *testing.T) {
	other := whole(t)
	other.Name = "other"
	var bom struct {
		Components []struct {
			Ref    string `json:"bom-ref"`
			Crypto struct {
				Material struct {
					Algorithm string `json:"algorithmRef"`
				} `json:"relatedCryptoMaterialProperties"`
			} `json:"cryptoProperties"`
		} `json:"components"`
	}
	if err := json.Unmarshal(bill(t, document(), whole(t), other), &bom); err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, component := range bom.Components {
		refs = append(refs, component.Ref)
		if needed := component.Crypto.Material.Algorithm; needed != "" && !slices.Contains(refs, needed) {
			t.Errorf("%s refers to %s, which is not before it", component.Ref, needed)
		}
	}
	slices.Sort(refs)
	if len(refs) != 8 || len(slices.Compact(refs)) != 8 {
		t.Errorf("%d components: %v", len(bom.Components), refs)
	}
}

type full struct{ after int }

var errFull = errors.New("no space left")

func (f *full) Write(text []byte) (int, error) {
	if f.after -= len(text); f.after < 0 {
		return 0, errFull
	}
	return len(text), nil
}

func TestFaultOfTheWriter(t *testing.T) {
	for after := range 400 {
		bom := posture.NewBOM(&full{after}, document())
		bom.Add(whole(t))
		if err := bom.Close(); !errors.Is(err, errFull) {
			t.Fatalf("after %d bytes: %v", after, err)
		}
	}
}
