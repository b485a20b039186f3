package parity

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// transform changes a value, by the words after a reference's bar:
//
//	flip             flips a bit in the middle of what is base64 after the last colon
//	cut              removes that one's last byte
//	tag NAME         puts NAME in place of the version between the colons
//	certificate      is one for the public key that the value is
//	json FIELD=VALUE sets a field of the policy in a backup, VALUE in JSON; more after spaces
//
// What a value is not made for leaves it as it is.
func transform(value, change string) string {
	name, arguments, _ := strings.Cut(change, " ")
	switch name {
	case "flip":
		return onBytes(value, func(raw []byte) []byte {
			raw[len(raw)/2] ^= 1
			return raw
		})
	case "cut":
		return onBytes(value, func(raw []byte) []byte { return raw[:len(raw)-1] })
	case "tag":
		if parts := strings.SplitN(value, ":", 3); len(parts) == 3 {
			return parts[0] + ":" + arguments + ":" + parts[2]
		}
	case "certificate":
		return certificate(value)
	case "json":
		return editBackup(value, strings.Fields(arguments))
	}
	return value
}

// onBytes changes the bytes of the base64 after the last colon.
func onBytes(value string, change func([]byte) []byte) string {
	at := strings.LastIndexByte(value, ':') + 1
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(value[at:]); err == nil && len(raw) > 0 {
			return value[:at] + encoding.EncodeToString(change(raw))
		}
	}
	return value
}

// editBackup sets fields of the policy in a backup as keysutil writes it.
func editBackup(backup string, settings []string) string {
	content, err := parseBackup(backup)
	if err != nil {
		return backup
	}
	policy, isMap := content["policy"].(map[string]any)
	if !isMap {
		return backup
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		policy[name] = json.RawMessage(value)
	}
	return base64.StdEncoding.EncodeToString(encode(content))
}

func parseBackup(backup string) (map[string]any, error) {
	raw, err := base64.StdEncoding.DecodeString(backup)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	return content, decode(raw, &content)
}
