package keyring

import (
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
	"github.com/palisade-vault/palisade/pqtransit/wire"
)

// CMAC authenticates data with a key that is made for that. It may be used by many goroutines.
type CMAC struct {
	key     *Key
	version *Version // that makes codes; nil to verify
}

// NewCMAC chooses the version that makes codes; 0 is the latest.
func (k *Key) NewCMAC(number int) (*CMAC, error) {
	version, err := k.forMaking("CMAC", number)
	if err != nil {
		return nil, err
	}
	if !version.makesCMAC() {
		return nil, k.noCMAC(version)
	}
	return &CMAC{key: k, version: version}, nil
}

// CMACVerifier verifies codes of any version in use.
func (k *Key) CMACVerifier() (*CMAC, error) {
	for _, version := range k.versions {
		if version.makesCMAC() {
			return &CMAC{key: k}, nil
		}
	}
	return nil, k.noCMAC(k.versions[k.Latest])
}

func (v *Version) makesCMAC() bool {
	return v.Purpose.Has(suite.Authentication) && !v.Suite.MACHash
}

func (k *Key) noCMAC(version *Version) error {
	return refuse("key type %s does not support CMAC operations", version.Suite.Name)
}

// Sum is the code of an input in transit's text form: its first bytes, length in number, or
// all of them where that is 0.
func (c *CMAC) Sum(length int, input []byte) (string, error) {
	sum, err := c.sum(c.version, length, input)
	if err != nil {
		return "", err
	}
	c.version.uses.Count(usage.Protect, len(input))
	return wire.HMAC{Version: c.version.Number, Sum: sum}.String(), nil
}

// Verify reports whether text is the code of that length of the input, in constant time for
// codes of the right length.
func (c *CMAC) Verify(length int, input []byte, text string) (bool, error) {
	parsed, err := wire.ParseCMAC(text)
	switch {
	case err != nil:
		return false, refuse("%v", err)
	case parsed.Version > c.key.Latest:
		return false, refuse("invalid CMAC: version is too new")
	case parsed.Version < c.key.MinDecryption:
		return false, refuse("cannot verify CMAC: version is too old (disallowed by policy)")
	}
	version := c.key.usable(parsed.Version)
	if version == nil {
		return false, refuse("no such key version")
	}
	want, err := c.sum(version, length, input)
	if err != nil {
		return false, err
	}
	version.uses.Count(usage.Process, len(input))
	return suite.EqualMAC(want, parsed.Sum), nil
}

func (c *CMAC) sum(version *Version, length int, input []byte) ([]byte, error) {
	key, err := version.open()
	if err != nil {
		return nil, err
	}
	maker, ok := key.(suite.MACer)
	if !ok || !version.makesCMAC() {
		return nil, c.key.noCMAC(version)
	}
	if err := c.key.algorithms.check(version.Suite); err != nil {
		return nil, err
	}
	sum, err := maker.MAC(suite.MACParams{Length: length}, input)
	if err != nil {
		return nil, refuse("%v", err)
	}
	return sum, nil
}
