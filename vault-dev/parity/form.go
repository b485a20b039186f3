package parity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// sameForm reports whether two values, of which at least one is random, look alike: both times,
// or both texts of one format and, but for encodings of varying length, one size.
func sameForm(path string, builtin, pqtransit any) bool {
	left, right := formOf(path, builtin), formOf(path, pqtransit)
	return left.format == right.format && abs(left.size-right.size) <= slack(path)
}

// bigNumbers are those of RSA and ECDSA keys in backups.
var bigNumbers = regexp.MustCompile(`^\d{50,}$`)

type form struct {
	format string
	size   int // of what is encoded, in bytes
}

// unixTimes are those that Vault shows as numbers, from 2001 on.
var unixTimes = regexp.MustCompile(`^1\d{9}$`)

func formOf(path string, value any) form {
	text := fmt.Sprint(value)
	if _, isNumber := value.(json.Number); isNumber {
		return formOfNumber(text)
	}
	if path == "data.random_bytes" { // perhaps in hex, which looks like all kinds of things
		return form{"random bytes", len(text)}
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return form{format: "a time"}
	}
	if blocks, ok := formOfPEM(text); ok {
		return blocks
	}
	at := strings.LastIndexByte(text, ':') + 1 // after vault:v1:
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text[at:]); err == nil {
			return form{text[:at] + " and base64", len(raw)}
		}
	}
	return form{format: "the text " + text}
}

func formOfNumber(text string) form {
	switch {
	case unixTimes.MatchString(text):
		return form{format: "seconds since 1970"}
	case bigNumbers.MatchString(text):
		return form{format: "a number of a key"}
	}
	return form{format: "the number " + text}
}

// formOfPEM names the types of the blocks; false where there is something else.
func formOfPEM(text string) (form, bool) {
	found := form{format: "PEM"}
	rest := []byte(text)
	for len(bytes.TrimSpace(rest)) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return form{}, false
		}
		found.format += " " + block.Type
		found.size += len(block.Bytes)
	}
	return found, found.size > 0
}

// slack is by how many bytes random values of a field may differ in size: numbers in DER have no
// leading zeros.
func slack(path string) int {
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case name == "signature", name == "csr", name == "certificate-chain", strings.HasPrefix(path, "data.keys."), strings.HasPrefix(path, "data.backup."):
		return 16
	}
	return 0
}

func abs(n int) int { return max(n, -n) }
