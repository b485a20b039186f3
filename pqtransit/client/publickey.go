package client

import (
	"context"
	"fmt"
)

// PublicKey is the public half of a key's latest version in a format such as pem or age.
func (m *Mount) PublicKey(ctx context.Context, name, format string) (version int, text string, err error) {
	key, err := read[Key](ctx, m, "keys/"+name, map[string][]string{"format": {format}})
	switch {
	case err != nil:
		return 0, "", err
	case key == nil:
		return 0, "", fmt.Errorf("there is no key %s in %s", name, m.path)
	}
	if text = key.Version(key.Latest).PublicKey; text == "" {
		return 0, "", fmt.Errorf("key %s of %s shows no public key", name, m.path)
	}
	return key.Latest, text, nil
}
