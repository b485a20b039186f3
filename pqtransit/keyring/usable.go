package keyring

import "github.com/palisade-vault/palisade/pqtransit/suite"

// usability refuses algorithms that must not be used; nil refuses none.
type usability func(*suite.Suite) error

// check is asked before an algorithm makes or takes a key, and before each use of one. What
// only manages keys does without: a key of a refused algorithm can still be read, configured,
// rotated to another algorithm, trimmed, exported, backed up, restored and deleted.
func (u usability) check(algorithm *suite.Suite) error {
	if u == nil {
		return nil
	}
	if err := u(algorithm); err != nil {
		return refuse("%v", err)
	}
	return nil
}
