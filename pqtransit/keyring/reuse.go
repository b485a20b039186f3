package keyring

import (
	"crypto"
	"crypto/subtle"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// parsed are versions already in memory, by number; nil is none. Reading an entry takes a
// version's key from here where the entry holds the same material, because to expand every
// version's key anew makes each rotation of a key of many versions slow.
type parsed map[int]*Version

// key is the key of a version if same says that its material is what is wanted.
func (p parsed) key(number int, algorithm *suite.Suite, same func(*lazyKey) bool) (*lazyKey, bool) {
	version := p[number]
	if version == nil || version.Suite != algorithm || !same(version.key) {
		return nil, false
	}
	return version.key, true
}

// ofPolicy is the key of which keysutil holds this, new or known.
func (p parsed) ofPolicy(number int, algorithm *suite.Suite, material any) *lazyKey {
	if key, ok := p.key(number, algorithm, func(k *lazyKey) bool { return sameMaterial(k.held(), material) }); ok {
		return key
	}
	return &lazyKey{algorithm: algorithm, fromPolicy: material}
}

// ofOwn is the key of which our own form is this, new or known.
func (p parsed) ofOwn(number int, algorithm *suite.Suite, form *ownForm) *lazyKey {
	same := func(k *lazyKey) bool {
		stored, err := k.form()
		return err == nil && !form.private.IsZero() && stored.private.Equal(form.private)
	}
	if key, ok := p.key(number, algorithm, same); ok {
		return key
	}
	return &lazyKey{algorithm: algorithm, fromOwn: form}
}

// sameMaterial compares what keysutil stores, see [suite.Key].
func sameMaterial(ours, stored any) bool {
	switch ours := ours.(type) {
	case []byte:
		theirs, ok := stored.([]byte)
		return ok && subtle.ConstantTimeCompare(ours, theirs) == 1
	case interface{ Equal(crypto.PrivateKey) bool }:
		return ours.Equal(stored)
	case interface{ Equal(crypto.PublicKey) bool }:
		return ours.Equal(stored)
	}
	return false
}
