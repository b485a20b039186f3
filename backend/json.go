package backend

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// decodeObject is encoding/json's reading of an object into an empty map, several times as
// fast for what Vault mostly sends.
func decodeObject(text string) (map[string]any, error) {
	d := objectReader{text: text}
	if value, ok := d.value(maxDepth); ok && d.at == len(text) {
		if object, isObject := value.(map[string]any); isObject {
			return object, nil
		}
	}
	data := map[string]any{}
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		return nil, fmt.Errorf("the parameters do not decode: %w", err)
	}
	return data, nil
}

func encodeObject(data map[string]any) (string, error) {
	encoded, err := json.Marshal(data)
	return string(encoded), err
}

const (
	maxDepth  = 32
	maxDigits = 15 // of whole numbers, which float64 has exactly
	maxNames  = 16
)

// objectReader reads JSON (RFC 8259) of the plainest kind: no blanks, text of printable ASCII
// without escapes, whole numbers of few digits, little nesting. What is not of that kind it
// does not judge: its methods answer false, and encoding/json reads all of it.
type objectReader struct {
	text  string
	at    int
	names []string // of fields read so far, so that those of a batch share their memory
}

func (d *objectReader) value(depth int) (any, bool) {
	if d.at >= len(d.text) || depth == 0 {
		return nil, false
	}
	switch d.text[d.at] {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		text, ok := d.string()
		return strings.Clone(text), ok // what is kept must not hold on to the whole request
	case 't':
		return true, d.skip("true")
	case 'f':
		return false, d.skip("false")
	case 'n':
		return nil, d.skip("null")
	}
	return d.number()
}

func (d *objectReader) skip(word string) bool {
	found := strings.HasPrefix(d.text[d.at:], word)
	if found {
		d.at += len(word)
	}
	return found
}

func (d *objectReader) object(depth int) (any, bool) {
	d.at++
	object := map[string]any{}
	if d.skip("}") {
		return object, true
	}
	for {
		name, ok := d.string()
		if !ok || !d.skip(":") {
			return nil, false
		}
		name = d.shared(name)
		if object[name], ok = d.value(depth - 1); !ok {
			return nil, false
		}
		if !d.skip(",") {
			return object, d.skip("}")
		}
	}
}

func (d *objectReader) array(depth int) (any, bool) {
	d.at++
	list := []any{}
	if d.skip("]") {
		return list, true
	}
	for {
		value, ok := d.value(depth - 1)
		if !ok {
			return nil, false
		}
		list = append(list, value)
		if !d.skip(",") {
			return list, d.skip("]")
		}
	}
}

// string answers a part of the text.
func (d *objectReader) string() (string, bool) {
	if !d.skip(`"`) {
		return "", false
	}
	start := d.at
	for ; d.at < len(d.text); d.at++ {
		switch char := d.text[d.at]; {
		case char == '"':
			d.at++
			return d.text[start : d.at-1], true
		case char == '\\' || char < ' ' || char > '~':
			return "", false
		}
	}
	return "", false
}

// number is what JSON numbers are in a map: float64.
func (d *objectReader) number() (any, bool) {
	start := d.at
	_ = d.skip("-")
	digits := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	switch count := d.at - digits; {
	case count == 0, count > maxDigits, count > 1 && d.text[digits] == '0':
		return nil, false
	case d.at < len(d.text) && strings.IndexByte(".eE", d.text[d.at]) >= 0:
		return nil, false
	case d.text[start:d.at] == "-0":
		return nil, false
	}
	number, err := strconv.ParseInt(d.text[start:d.at], 10, 64)
	return float64(number), err == nil
}

// shared is the name as it was read before, else a copy of it.
func (d *objectReader) shared(name string) string {
	for _, known := range d.names {
		if known == name {
			return known
		}
	}
	name = strings.Clone(name)
	if len(d.names) < maxNames {
		d.names = append(d.names, name)
	}
	return name
}
