package keyring

import (
	"maps"
	"slices"
	"sync"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// lazyKey is the key of one version: as it lies in storage, and parsed once it is first used,
// since to parse every version of a key that has hundreds would make each load slow. Copies of
// a version share it, and many goroutines may use it.
type lazyKey struct {
	algorithm *suite.Suite
	// One of these is how the key was stored; none of a key that was never loaded.
	fromPolicy any      // what keysutil held of it
	fromOwn    *ownForm // our own form of it

	once sync.Once
	key  suite.Key
	err  error
}

// ownForm is the form that palisade/ has of a version's key: what the suite persists of its
// private half, or else of its public one.
type ownForm struct {
	private suite.Secret
	public  []byte
}

// made is a key that needs no parsing.
func made(key suite.Key) *lazyKey {
	k := &lazyKey{key: key}
	k.once.Do(func() {})
	return k
}

// open is the key, parsed. An error says that what is stored is none.
func (k *lazyKey) open() (suite.Key, error) {
	k.once.Do(func() { k.key, k.err = k.parse() })
	return k.key, k.err
}

func (k *lazyKey) parse() (suite.Key, error) {
	switch {
	case k.fromPolicy != nil:
		return k.algorithm.FromMaterial(k.fromPolicy)
	case !k.fromOwn.private.IsZero():
		private := k.fromOwn.private.Bytes()
		defer clear(private)
		return k.algorithm.Parse(private)
	}
	return k.algorithm.ParsePublic(k.fromOwn.public)
}

// openAll parses every version but those that are known already, so that what does not parse
// is found before it is stored.
func (k *Key) openAll(known parsed) error {
	for _, number := range slices.Sorted(maps.Keys(k.versions)) {
		version := k.versions[number]
		if before := known[number]; before != nil && before.key == version.key {
			continue
		}
		if _, err := version.open(); err != nil {
			return err
		}
	}
	return nil
}

// form is the key as it lies or would lie under palisade/.
func (k *lazyKey) form() (*ownForm, error) {
	if k.fromOwn != nil {
		return k.fromOwn, nil
	}
	key, err := k.open()
	if err != nil {
		return nil, err
	}
	own := &ownForm{private: key.Private()}
	if own.private.IsZero() {
		own.public = key.Public().Bytes()
	}
	return own, nil
}

// held is what keysutil holds of the key or would hold, nil where it could not.
func (k *lazyKey) held() any {
	if k.fromPolicy != nil {
		return k.fromPolicy
	}
	key, err := k.open()
	if err != nil {
		return nil
	}
	return key.Material()
}
