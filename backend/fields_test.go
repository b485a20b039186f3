package backend_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/palisade-vault/palisade/backend"
)

func TestItemReadsStrictly(t *testing.T) {
	for _, test := range []struct {
		name string
		item map[string]any
		read func(*backend.Fields) any
		want any
		err  string
	}{
		{"string", map[string]any{"f": "x"}, str, "x", ""},
		{"string absent", nil, str, "", ""},
		{"string null", map[string]any{"f": nil}, str, "", ""},
		{"string from number", map[string]any{"f": 3.0}, str, "", "'b[2].f' expected type 'string', got unconvertible type 'float64'"},
		{"int", map[string]any{"f": 3.0}, integer, 3, ""},
		{"int from json.Number", map[string]any{"f": json.Number("4")}, integer, 4, ""},
		{"int with fraction", map[string]any{"f": 3.5}, integer, 0, "'b[2].f' expected type 'int', got unconvertible type 'float64'"},
		{"int too large", map[string]any{"f": 1e300}, integer, 0, "'b[2].f' expected type 'int', got unconvertible type 'float64'"},
		{"int from string", map[string]any{"f": "3"}, integer, 0, "'b[2].f' expected type 'int', got unconvertible type 'string'"},
		{"bool from string", map[string]any{"f": "true"}, boolean, false, "'b[2].f' expected type 'bool', got unconvertible type 'string'"},
		{"base64", map[string]any{"f": "eHl6"}, encoded, "xyz", ""},
		{"base64 broken", map[string]any{"f": "eHl6*"}, encoded, "", "failed to base64-decode b[2].f"},
		{"base64 of a list", map[string]any{"f": []any{}}, encoded, "", "'b[2].f' expected type 'string', got unconvertible type '[]interface {}'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fields := backend.NewItem("b[2].", test.item)
			if got := test.read(fields); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if got := errorText(fields.Err()); got != test.err {
				t.Errorf("error %q, want %q", got, test.err)
			}
		})
	}
}

func TestItemsNameTheItemAtFault(t *testing.T) {
	schema := map[string]*framework.FieldSchema{"batch_input": {Type: framework.TypeSlice}}
	for _, test := range []struct {
		name  string
		raw   map[string]any
		count int
		given bool
		err   string
	}{
		{"absent", nil, 0, false, ""},
		{"null", map[string]any{"batch_input": nil}, 0, false, ""},
		{"empty", map[string]any{"batch_input": []any{}}, 0, true, ""},
		{"two", map[string]any{"batch_input": []any{map[string]any{"f": "a"}, map[string]any{}}}, 2, true, ""},
		{"a string", map[string]any{"batch_input": "x"}, 0, true, "batch_input: expected a list, got string"},
		{"an object", map[string]any{"batch_input": map[string]any{"f": "x"}}, 0, true, "batch_input: expected a list, got map[string]interface {}"},
		{"not an object", map[string]any{"batch_input": []any{"x"}}, 1, true, "batch_input[0]: expected a map, got string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fields := backend.NewFields(&framework.FieldData{Raw: test.raw, Schema: schema})
			items, given := fields.Items("batch_input")
			if len(items) != test.count || given != test.given {
				t.Errorf("got %d items, %v", len(items), given)
			}
			if got := errorText(fields.Err()); got != test.err {
				t.Errorf("error %q, want %q", got, test.err)
			}
		})
	}
}

func TestErrListsEveryFaultWithoutValues(t *testing.T) {
	fields := backend.NewItem("", map[string]any{"a": "hunter2*", "b": []any{"hunter2"}, "c": "x"})
	fields.Base64("a")
	fields.Int("b")
	fields.Fail("c is odd")
	want := "failed to base64-decode a; 'b' expected type 'int', got unconvertible type '[]interface {}'; c is odd"
	if diff := cmp.Diff(want, errorText(fields.Err())); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(fields.Err().Error(), "hunter2") {
		t.Error("a value is in the error")
	}
}

func str(f *backend.Fields) any     { return f.String("f") }
func integer(f *backend.Fields) any { return f.Int("f") }
func boolean(f *backend.Fields) any { return f.Bool("f") }
func encoded(f *backend.Fields) any { return string(f.Base64("f")) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestTextTakesNumbers(t *testing.T) {
	fields := backend.NewItem("", map[string]any{"text": "a", "whole": 7.0, "part": -1.5, "number": json.Number("12345678901234567890"), "flag": true})
	for name, want := range map[string]string{"text": "a", "whole": "7", "part": "-1.5", "number": "12345678901234567890", "none": ""} {
		if got := fields.Text(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := fields.Err(); err != nil {
		t.Error(err)
	}
	if got := fields.Text("flag"); got != "" || fields.Err() == nil {
		t.Errorf("flag: %q, %v", got, fields.Err())
	}
}
