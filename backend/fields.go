package backend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
)

// Fields reads a request's parameters by type and remembers every fault, so that a decoder
// is a plain list of reads and the caller learns of all faults at once. The same type reads
// a path's own parameters, with the schema's defaults and lenient conversions, and one item
// of a batch, which has no schema and is read strictly.
//
// A getter never fails by itself: a value that is absent or of the wrong type is the zero
// value, and the latter is in [Fields.Err]. A Fields is for one goroutine.
type Fields struct {
	data  *framework.FieldData // nil for an item
	item  map[string]any
	place place // of an item in its request
	errs  []string
}

// place is how an item is called in errors. Most items are never called.
type place struct {
	text  string // all of it, or of a list before the index
	index int    // from 1; 0: text is all of it
}

func (p place) String() string {
	if p.index == 0 {
		return p.text
	}
	return fmt.Sprintf("%s[%d].", p.text, p.index-1)
}

// maxFaults bounds the text about a list whose every item is malformed.
const maxFaults = 10

// NewFields reads a path's own parameters.
func NewFields(data *framework.FieldData) *Fields { return &Fields{data: data} }

// NewItem reads one item of a batch; label precedes its field names in error texts.
func NewItem(label string, item map[string]any) *Fields {
	return &Fields{item: item, place: place{text: label}}
}

// Err is nil or one [*Error] of status 400 that lists every fault so far.
func (f *Fields) Err() error {
	if len(f.errs) == 0 {
		return nil
	}
	return Invalid("%s", strings.Join(f.errs, "; "))
}

// Fail records a fault that a decoder found itself.
func (f *Fields) Fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(f.errs, text) { // a decoder may read a field twice
		f.errs = append(f.errs, text)
	}
}

// Has reports whether the caller gave the field at all; a default does not count.
func (f *Fields) Has(name string) bool {
	value, ok := f.raw()[name]
	return ok && value != nil
}

// Given reports whether the caller named the field at all, be it with null.
func (f *Fields) Given(name string) bool {
	_, ok := f.raw()[name]
	return ok
}

func (f *Fields) raw() map[string]any {
	if f.data == nil {
		return f.item
	}
	return f.data.Raw
}

// String is a string field; zero: "".
func (f *Fields) String(name string) string {
	return get[string](f, name, "string")
}

// Text is a string field that may also be a number, which then is its decimal text; zero: "".
// Some of transit's batches read their items so.
func (f *Fields) Text(name string) string {
	switch number := f.raw()[name].(type) {
	case float64:
		return strconv.FormatFloat(number, 'f', -1, 64)
	case json.Number:
		return number.String()
	}
	return f.String(name)
}

// Bool is a boolean field; zero: false.
func (f *Fields) Bool(name string) bool {
	return get[bool](f, name, "bool")
}

// Strings is a list-of-strings field; zero: nil.
func (f *Fields) Strings(name string) []string {
	return get[[]string](f, name, "list of strings")
}

// Pairs is a field of the framework's TypeKVPairs; zero: nil.
func (f *Fields) Pairs(name string) map[string]string {
	return get[map[string]string](f, name, "map of strings")
}

// Unknown are the names in the request that the path does not declare, in order. The framework
// passes over them, which is wrong where a misspelt one would loosen a rule. An item has none,
// as it has no schema.
func (f *Fields) Unknown() []string {
	var unknown []string
	if f.data == nil {
		return nil
	}
	for name := range f.raw() {
		if _, declared := f.data.Schema[name]; !declared {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// Map is an object field; zero: nil.
func (f *Fields) Map(name string) map[string]any {
	return get[map[string]any](f, name, "map")
}

// Seconds is a duration field as Vault reads one: a count of seconds or a string such as
// "1h"; zero: 0.
func (f *Fields) Seconds(name string) time.Duration {
	return time.Duration(f.Int(name)) * time.Second
}

// Int is a whole-number field; zero: 0. A number arrives as float64 because the plugin
// protocol carries JSON, so one with a fraction is a fault.
func (f *Fields) Int(name string) int {
	value := f.raw()[name]
	// The framework cuts a fraction off, which would be another number than was asked for.
	if _, isFloat := value.(float64); f.data != nil && !isFloat {
		return get[int](f, name, "int")
	}
	if value == nil {
		return 0
	}
	number, ok := wholeNumber(value)
	if !ok {
		f.wrongType(name, "int", value)
	}
	return number
}

// Base64 is a field of standard base64 (RFC 4648 section 4); zero: nil. The text is never
// repeated in the error: it may be a plaintext.
func (f *Fields) Base64(name string) []byte {
	decoded, err := base64.StdEncoding.DecodeString(f.String(name))
	if err != nil {
		f.Fail("failed to base64-decode %s%s", f.place, name)
		return nil
	}
	return decoded
}

// Items is a list-of-objects field, such as batch_input, each item as Fields of its own.
// ok is false when the caller gave no such field. A value that is not a list and an item that
// is not an object are faults.
func (f *Fields) Items(name string) (items []*Fields, ok bool) {
	if !f.Has(name) {
		return nil, false
	}
	list, ok := f.raw()[name].([]any) // the framework makes a list of anything
	if !ok {
		f.Fail("%s%s: expected a list, got %T", f.place, name, f.raw()[name])
	}
	within := fmt.Sprintf("%s%s", f.place, name)
	items, all := make([]*Fields, len(list)), make([]Fields, len(list))
	for i, value := range list {
		item, isMap := value.(map[string]any)
		if !isMap && len(f.errs) < maxFaults {
			f.Fail("%s[%d]: expected a map, got %T", within, i, value)
		}
		all[i] = Fields{item: item, place: place{text: within, index: i + 1}}
		items[i] = &all[i]
	}
	return items, true
}

// IsItem reports whether this is one item of a batch.
func (f *Fields) IsItem() bool { return f.data == nil }

// Names lists an item's field names in order, or nil for a path's own parameters.
func (f *Fields) Names() []string { return slices.Sorted(maps.Keys(f.item)) }

func get[T any](f *Fields, name, kind string) T {
	var zero T
	value, ok := f.value(name)
	if !ok || value == nil {
		return zero
	}
	typed, ok := value.(T)
	if !ok {
		f.wrongType(name, kind, value)
		return zero
	}
	return typed
}

func (f *Fields) value(name string) (any, bool) {
	if f.data == nil {
		value, ok := f.item[name]
		return value, ok
	}
	value, ok, err := f.data.GetOkErr(name)
	if err != nil {
		f.Fail("%v", err)
		return nil, false
	}
	if !ok {
		value = f.data.GetDefaultOrZero(name)
	}
	return value, true
}

// wrongType names the types only: the value may be a secret.
func (f *Fields) wrongType(name, kind string, value any) {
	f.Fail("'%s%s' expected type '%s', got unconvertible type '%T'", f.place, name, kind, value)
}

func wholeNumber(value any) (int, bool) {
	switch number := value.(type) {
	case int:
		return number, true
	case float64:
		if number != math.Trunc(number) || math.Abs(number) > 1<<53 {
			return 0, false
		}
		return int(number), true
	case json.Number:
		parsed, err := number.Int64()
		return int(parsed), err == nil
	}
	return 0, false
}
