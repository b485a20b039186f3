package suite

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// jwkForm is how a family writes its public keys as JSON Web Keys (RFC 7517).
type jwkForm struct {
	// names are the members that name the type: kty, and what goes with it.
	names map[string]string
	// values are the members that hold the key, without their base64url.
	values func(key Key) (map[string][]byte, error)
	// parse reads the values, each of which may be absent.
	parse func(values map[string][]byte) (Key, error)
}

// akp is the algorithm key pair of RFC 9964.
func akp(algorithm string, parsePublic func([]byte) (Key, error)) jwkForm {
	return jwkForm{
		names:  map[string]string{"kty": "AKP", "alg": algorithm},
		values: func(key Key) (map[string][]byte, error) { return map[string][]byte{"pub": key.Public().raw}, nil },
		parse:  func(values map[string][]byte) (Key, error) { return parsePublic(values["pub"]) },
	}
}

// write marshals a map, whose members encoding/json sorts.
func (f jwkForm) write(key Key) ([]byte, error) {
	values, err := f.values(key)
	if err != nil {
		return nil, err
	}
	members := maps.Clone(f.names)
	for name, value := range values {
		members[name] = base64.RawURLEncoding.EncodeToString(value)
	}
	return json.Marshal(members)
}

// privateMembers are those of every kty that a public key must not have (RFC
// 7518, section 6; RFC 9964).
var privateMembers = []string{"priv", "d", "p", "q", "dp", "dq", "qi", "oth", "k"}

var errPrivateJWK = errors.New("the JSON Web Key is a private one: give its public members alone")

// read ignores members that it has no use for, as RFC 7517 wants, but takes the
// key's own only as write gives them.
func (f jwkForm) read(text []byte) (Key, error) {
	members, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	for _, name := range privateMembers {
		if _, there := members[name]; there {
			return nil, errPrivateJWK
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.names)) {
		if got, _ := members[name].(string); got != f.names[name] {
			return nil, fmt.Errorf("the JSON Web Key is of another type: its %s is not %s", name, f.names[name])
		}
	}
	return f.readValues(members)
}

func (f jwkForm) readValues(members map[string]any) (Key, error) {
	values := map[string][]byte{}
	for name, member := range members {
		text, _ := member.(string)
		if value, err := base64.RawURLEncoding.DecodeString(text); err == nil {
			values[name] = value
		}
	}
	key, err := f.parse(values)
	if err != nil {
		return nil, err
	}
	written, err := f.values(key)
	if err != nil {
		return nil, err
	}
	for name, value := range written {
		if members[name] != base64.RawURLEncoding.EncodeToString(value) {
			return nil, fmt.Errorf("invalid JSON Web Key: %s is not in its canonical encoding", name)
		}
	}
	return key, nil
}

// decodeObject takes the last of members with one name, which RFC 7517 allows.
func decodeObject(text []byte) (map[string]any, error) {
	var members map[string]any
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, errors.New("invalid JSON Web Key: not one JSON object")
	}
	return members, nil
}
