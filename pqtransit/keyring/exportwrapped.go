package keyring

import (
	"crypto/rsa"
	"encoding/base64"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// wrapper wraps a private key of an algorithm, in the form of an import, to a key.
type wrapper func(algorithm *suite.Suite, form suite.Secret) (string, error)

// ExportWrapped gives the versions that selector names (see [Key.Select]), each wrapped to
// the latest version of a key, as an import takes them. The hash is for RSA keys alone; nil is
// SHA-256.
func (k *Key) ExportWrapped(to *Key, hash byok.Hash, selector string) (map[int]string, error) {
	released, err := k.release(WayWrapped)
	if err != nil {
		return nil, err
	}
	wrap, err := to.wrapper(hash)
	if err != nil {
		return nil, err
	}
	selected, err := k.Select(selector)
	if err != nil {
		return nil, err
	}
	wrapped := make(map[int]string, len(selected))
	for _, version := range selected {
		form, err := released.importable(version)
		if err != nil {
			return nil, err
		}
		if wrapped[version.Number], err = wrap(version.Suite, form); err != nil {
			return nil, refuse("%v", err)
		}
	}
	return wrapped, nil
}

// wrapper wraps to the latest version.
func (k *Key) wrapper(hash byok.Hash) (wrapper, error) {
	latest := k.versions[k.Latest]
	if err := k.algorithms.check(latest.Suite); err != nil {
		return nil, err
	}
	if err := k.mayMake(latest); err != nil {
		return nil, err
	}
	if !latest.Suite.Wrapping || !latest.Purpose.Has(suite.Encryption) {
		return k.rsaWrapper(hash)
	}
	if hash != nil {
		return nil, refuse("a hash function is for RSA keys: key %s is of type %s", k.Name, latest.Suite.Name)
	}
	key, err := latest.open()
	if err != nil {
		return nil, err
	}
	return func(algorithm *suite.Suite, form suite.Secret) (string, error) {
		return byok.WrapHPKE(latest.Suite, key, algorithm, form)
	}, nil
}

func (k *Key) rsaWrapper(hash byok.Hash) (wrapper, error) {
	public, err := k.rsaPublic()
	if err != nil {
		return nil, err
	}
	if hash == nil {
		hash = byok.DefaultHash
	}
	return func(_ *suite.Suite, form suite.Secret) (string, error) {
		raw, err := byok.Wrap(public, hash, form.Bytes())
		return base64.StdEncoding.EncodeToString(raw), err
	}, nil
}

// rsaPublic is the latest version's public half.
func (k *Key) rsaPublic() (*rsa.PublicKey, error) {
	switch held := k.versions[k.Latest].key.held().(type) {
	case *rsa.PrivateKey:
		return &held.PublicKey, nil
	case *rsa.PublicKey:
		return held, nil
	}
	return nil, refuse("unsupported key type in use; must be a rsa key, or for encryption and one of %s",
		strings.Join(suite.WrappingTypes(), ", "))
}
