package parity

import (
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sameForm reports whether two values, of which at least one is random, look alike: both times,
// or both texts of one format and, but for encodings of varying length, one size.
func sameForm(path, builtin, pqtransit string) bool {
	left, right := formOf(builtin), formOf(pqtransit)
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

func formOf(text string) form {
	if unixTimes.MatchString(text) {
		return form{format: "seconds since 1970"}
	}
	if bigNumbers.MatchString(text) {
		return form{format: "a number of a key"}
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return form{format: "the number " + text}
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return form{format: "a time"}
	}
	if block, rest := pem.Decode([]byte(text)); block != nil && len(rest) == 0 {
		return form{"PEM of a " + block.Type, len(block.Bytes)}
	}
	at := strings.LastIndexByte(text, ':') + 1 // after vault:v1:
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text[at:]); err == nil {
			return form{text[:at] + " and base64", len(raw)}
		}
	}
	return form{format: "the text " + text}
}

// slack is by how many bytes random values of a field may differ in size: numbers in DER have no
// leading zeros.
func slack(path string) int {
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case name == "signature", strings.HasPrefix(path, "data.keys."), strings.HasPrefix(path, "data.backup."):
		return 16
	}
	return 0
}

func abs(n int) int { return max(n, -n) }
