package envelope

import (
	"encoding/base64"
	"strings"
)

const textPrefix = "vault:"

var encoding = base64.StdEncoding.Strict()

// maxText is the longest text there can be: "v4294967295-" and eight digits
// between the prefix and the base64.
var maxText = len(textPrefix) + 21 + encoding.EncodedLen(maxBlob)

// Text is the blob as Vault stores it: "vault:<key id>:<base64>". Vault's seal
// wants exactly three parts and keeps the middle one as the key's id.
func (b *Blob) Text() (string, error) {
	data, err := b.Marshal()
	if err != nil {
		return "", err
	}
	return textPrefix + b.KeyID.String() + ":" + encoding.EncodeToString(data), nil
}

// ParseText reads what Text writes, and nothing else. Every error matches
// ErrInvalid.
func ParseText(text string) (*Blob, error) {
	if len(text) > maxText {
		return nil, invalid("longer than any blob")
	}
	rest, found := strings.CutPrefix(text, textPrefix)
	name, body, both := strings.Cut(rest, ":")
	if !found || !both {
		return nil, invalid("not of the form vault:<key id>:<base64>")
	}
	id, err := ParseKeyID(name)
	if err != nil {
		return nil, err
	}
	// The decoder skips line breaks, strict or not.
	if strings.ContainsAny(body, "\r\n") {
		return nil, invalid("line break in base64")
	}
	data, err := encoding.DecodeString(body)
	if err != nil {
		return nil, invalid("malformed base64")
	}
	blob, err := Parse(data)
	if err != nil {
		return nil, err
	}
	if blob.KeyID != id {
		return nil, invalid("key id in front is not the one inside")
	}
	return blob, nil
}
