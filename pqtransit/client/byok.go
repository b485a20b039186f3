package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// WrappingKey is a mount's public key for imports.
type WrappingKey struct {
	// Type and KeyID are empty where the built-in engine answers, which has RSA-4096 alone.
	Type  string `json:"type"`
	KeyID string `json:"key_id"`
	// PublicKey is PEM of RSA, else the raw key in base64.
	PublicKey string `json:"public_key"`
}

// builtInWrapping is the one type of wrapping key that the built-in engine has.
const builtInWrapping = "rsa-4096"

// WrappingKeyOf is the mount's of that type, from which the built-in engine chooses none.
func (m *Mount) WrappingKeyOf(ctx context.Context, kind string) (*WrappingKey, error) {
	var query map[string][]string
	if kind != builtInWrapping {
		query = map[string][]string{"type": {kind}}
	}
	key, err := read[WrappingKey](ctx, m, "wrapping_key", query)
	switch {
	case err != nil:
		return nil, err
	case key == nil:
		return nil, fmt.Errorf("%s has no wrapping key: it is no mount of the transit API", m.path)
	case kind != builtInWrapping && key.Type != kind:
		// The built-in engine ignores the type that it was asked for.
		return nil, fmt.Errorf("%s has no wrapping key of type %s: it is served by the built-in engine, which has %s alone", m.path, kind, builtInWrapping)
	}
	return key, nil
}

// ImportTarget is where an imported key goes.
type ImportTarget struct {
	Name string
	// IsVersion adds to a key that is there, and Version completes that version's public key
	// where it is not 0.
	IsVersion bool
	Version   int
	// Parameters are those of a new key, as the API names them.
	Parameters map[string]any
}

// Import sends a key: field is ciphertext or public_key, and text what it is to hold.
func (m *Mount) Import(ctx context.Context, to ImportTarget, field, text string) error {
	body := map[string]any{field: text}
	path := "keys/" + to.Name + "/import"
	if to.IsVersion {
		path += "_version"
		if to.Version != 0 {
			body["version"] = to.Version
		}
	}
	maps.Copy(body, to.Parameters)
	_, err := write[struct{}](ctx, m, path, body)
	return err
}

// KeyType is a key's type with its parameters, as the API names them.
type KeyType struct {
	Type         string `json:"type"`
	ParameterSet string `json:"parameter_set"`
	HybridPQC    string `json:"hybrid_key_type_pqc"`
	HybridEC     string `json:"hybrid_key_type_ec"`
}

// errNoKey is for a key that is needed.
var errNoKey = errors.New("there is no such key")

// KeyType reads a key's.
func (m *Mount) KeyType(ctx context.Context, name string) (*KeyType, error) {
	found, err := read[KeyType](ctx, m, "keys/"+name, nil)
	if err == nil && found == nil {
		err = fmt.Errorf("%s/%s: %w", m.path, name, errNoKey)
	}
	return found, err
}
