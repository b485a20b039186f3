package parity

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// kindOfField says what a parameter of transit is.
type kindOfField int

const (
	anyText kindOfField = iota
	anyBase64
	anyInt
	anyBool
	anyDuration
	anyList
)

// fieldKinds has the parameters that are not plain text.
var fieldKinds = map[string]kindOfField{
	"plaintext": anyBase64, "input": anyBase64, "context": anyBase64, "nonce": anyBase64, "associated_data": anyBase64,
	"key_version": anyInt, "bits": anyInt, "bytes": anyInt, "key_size": anyInt, "size": anyInt, "version": anyInt, "min_available_version": anyInt,
	"min_decryption_version": anyInt, "min_encryption_version": anyInt, "partial_failure_response_code": anyInt,
	"derived": anyBool, "convergent_encryption": anyBool, "exportable": anyBool, "allow_plaintext_backup": anyBool,
	"deletion_allowed": anyBool, "allow_rotation": anyBool, "prehashed": anyBool, "force": anyBool,
	"auto_rotate_period": anyDuration, "batch_input": anyList,
}

// oddities are values that a careless or hostile client might send.
var oddities = map[kindOfField][]any{
	anyText:     {"", "nonsense", "UPPER", " space ", "\x00", strings.Repeat("x", 60), "ü"},
	anyBase64:   {"%%%", "YQ", "YQ=", "_-8=", "YQ==\n", " YQ==", "YR==", "YQ==YQ==", "="},
	anyInt:      {-1, 0, 1, 7, 999, "1", "2", "-1", "x", "", " 1", "0x1", "1.0", 1.5, json.Number("1.0"), json.Number("1e0"), json.Number("2147483648"), json.Number("9223372036854775808"), true},
	anyBool:     {"true", "false", "yes", "1", "T", "", "x", 1, 0, 2, 1.5},
	anyDuration: {"1h", "1d", "-1h", "1.5h", "59m", "x", "", -5, 10, 3600, "3600", json.Number("1e4"), json.Number("9223372036854775807"), true, 1.5},
	anyList:     {[]any{}, object{}, "x", "", "[]", []any{1}, []any{nil}, []any{"x"}, []any{[]any{}}, []any{object{}}, 7, true},
}

// wrongTypes are values that hardly any parameter takes.
var wrongTypes = []any{7, -3, 1.5, true, false, "text", []any{}, []any{"a"}, object{}, object{"a": 1}, []any{object{}}}

func (g *generator) odd(kind kindOfField) any { return one(g, oddities[kind]...) }

// extras are parameters that some path takes and others do not.
var extras = []string{
	"nonce", "context", "key_version", "associated_data", "padding_scheme", "unknown", "name", "type", "batch_input", "prehashed",
	"partial_failure_response_code", "hash_algorithm", "signature_algorithm", "salt_length", "marshaling_algorithm", "algorithm", "reference",
	"convergent_encryption", "derived", "key_size", "parameter_set", "auto_rotate_period", "signature_context", "iv", "input", "plaintext",
}

// itemExtras are those for an item of a batch.
var itemExtras = []string{"nonce", "context", "key_version", "padding_scheme", "unknown", "name", "type", "reference", "input", "plaintext"}

// damage is the body with one fault in it: a parameter left out, null, of a wrong type, of an odd
// value, or one too many.
func (g *generator) damage(body object) object { return g.damageWith(body, extras) }

func (g *generator) damageWith(body object, extras []string) object {
	body = maps.Clone(body)
	if body == nil {
		body = object{}
	}
	names := slices.Sorted(maps.Keys(body))
	if len(names) == 0 || g.chance(20) {
		name := one(g, extras...)
		body[name] = g.odd(fieldKinds[name])
		return body
	}
	name := one(g, names...)
	lasting := strings.HasPrefix(name, "min_") // null would set it in one engine alone
	switch kind := g.IntN(8); {
	case kind == 0:
		delete(body, name)
	case kind == 1 && !lasting:
		body[name] = nil
	case kind == 2 || kind == 3:
		body[name] = one(g, wrongTypes...)
	default:
		body[name] = g.odd(fieldKinds[name])
	}
	return body
}
