package backend

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// plainObjects are of the kind that the quick reader reads itself.
var plainObjects = []string{
	`{}`,
	`{"a":"b"}`,
	`{"a":{},"b":[],"c":null,"d":true,"e":false,"f":0,"g":-12,"h":123456789012345}`,
	`{"batch_input":[{"plaintext":"aGVsbG8=","reference":"1"},{"plaintext":"","reference":"2"}]}`,
	`{"a":1,"a":2,"":{"a":[[[{"b":"<>&"}]]]}}`,
}

// otherObjects are left to encoding/json, which refuses some of them.
var otherObjects = []string{
	``, `null`, `[]`, `"a"`, `1`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":[1,]}`, `{"a":[1}`, `{} `, `{}{}`,
	`{"a": 1}`, `{"a":"\u00e9"}`, `{"a":"é"}`, `{"a":"\"}`, `{"a":1.5}`, `{"a":1e3}`, `{"a":01}`, `{"a":-}`, `{"a":-0}`, `{"a":00}`,
	`{"a":1234567890123456789}`, `{"a":1-2}`, `{"a":tru}`, `{"a":nul}`, `{a:1}`, `{"a":"` + "\x01" + `"}`, `{"a":"` + "\xff" + `"}`,
	`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
}

func TestDecodeObjectReadsAsTheStandardLibraryDoes(t *testing.T) {
	for _, text := range plainObjects {
		checkObject(t, text)
		d := objectReader{text: text}
		if _, ok := d.value(maxDepth); !ok || d.at != len(text) {
			t.Errorf("%s was left to encoding/json", text)
		}
	}
	for _, text := range otherObjects {
		checkObject(t, text)
		d := objectReader{text: text}
		value, ok := d.value(maxDepth)
		if _, isObject := value.(map[string]any); ok && d.at == len(text) && isObject {
			t.Errorf("%s was not left to encoding/json", text)
		}
	}
}

func checkObject(t *testing.T, text string) {
	t.Helper()
	want := map[string]any{}
	wantErr := json.Unmarshal([]byte(text), &want)
	got, err := decodeObject(text)
	if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%q: got %v, %v; want %v, %v", text, got, err, want, wantErr)
	}
}

func FuzzDecodeObject(f *testing.F) {
	for _, text := range append(plainObjects, otherObjects...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkObject(t, text) })
}

func BenchmarkDecodeObject(b *testing.B) {
	item := `{"ciphertext":"vault:v1:` + strings.Repeat("A", 80) + `"}`
	text := `{"batch_input":[` + strings.Repeat(item+",", 999) + item + `]}`
	for name, decode := range map[string]func() error{
		"ours":     func() error { _, err := decodeObject(text); return err },
		"standard": func() error { data := map[string]any{}; return json.Unmarshal([]byte(text), &data) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
