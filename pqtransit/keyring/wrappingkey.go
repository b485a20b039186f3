package keyring

import (
	"context"
	"crypto/rsa"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// wrappingKeyName is where the built-in engine keeps the key to which imports are encrypted.
// No path names it, since names have no slash.
const wrappingKeyName = "import/wrapping-key"

const wrappingKeyType = "rsa-4096"

// WrappingKey is the mount's own key to which imports are encrypted. The first call makes
// it, which takes seconds.
func (r *Keyring) WrappingKey(ctx context.Context, storage logical.Storage) (*Key, error) {
	key, _, err := r.Create(ctx, storage, wrappingKeyName, Spec{Type: wrappingKeyType})
	return key, err
}

// unwrap gives the bytes that were wrapped to the mount's wrapping key.
func (r *Keyring) unwrap(ctx context.Context, storage logical.Storage, hash byok.Hash, wrapped []byte) (suite.Secret, error) {
	key, err := r.WrappingKey(ctx, storage)
	if err != nil {
		return suite.Secret{}, err
	}
	private, ok := key.versions[key.Latest].key.Material().(*rsa.PrivateKey)
	if !ok {
		return suite.Secret{}, fmt.Errorf("the wrapping key is not an RSA key")
	}
	unwrapped, err := byok.Unwrap(private, hash, wrapped)
	if err != nil {
		return suite.Secret{}, refuse("%v", err)
	}
	defer clear(unwrapped)
	return suite.NewSecret(unwrapped), nil
}

// ExportWrapped gives the versions that selector names (see [Key.Select]), each wrapped to
// the latest version of an RSA key, as an import takes them.
func (k *Key) ExportWrapped(to *Key, hash byok.Hash, selector string) (map[int][]byte, error) {
	released, err := k.release(WayWrapped)
	if err != nil {
		return nil, err
	}
	public, err := to.rsaPublic()
	if err != nil {
		return nil, err
	}
	selected, err := k.Select(selector)
	if err != nil {
		return nil, err
	}
	wrapped := make(map[int][]byte, len(selected))
	for _, version := range selected {
		form, err := released.importable(version)
		if err != nil {
			return nil, err
		}
		if wrapped[version.Number], err = byok.Wrap(public, hash, form.Bytes()); err != nil {
			return nil, refuse("%v", err)
		}
	}
	return wrapped, nil
}

// rsaPublic is the latest version's public half.
func (k *Key) rsaPublic() (*rsa.PublicKey, error) {
	switch held := k.versions[k.Latest].key.Material().(type) {
	case *rsa.PrivateKey:
		return &held.PublicKey, nil
	case *rsa.PublicKey:
		return held, nil
	}
	return nil, refuse("unsupported key type in use; must be a rsa key")
}
