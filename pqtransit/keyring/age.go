package keyring

import (
	"slices"

	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

// AgeUnwrap recovers the file key of an age file from the stanza for one of the key's
// versions, which the stanza does not name: number says which, and 0 tries all that may
// decrypt, the latest first.
func (k *Key) AgeUnwrap(number int, enc, body []byte) (fileKey suite.Secret, version int, err error) {
	candidates, err := k.forAge(number)
	if err != nil {
		return suite.Secret{}, 0, err
	}
	for _, candidate := range candidates {
		key, faulty := candidate.open()
		if faulty != nil {
			return suite.Secret{}, 0, faulty
		}
		if fileKey, err = candidate.Suite.AgeUnwrap(key, enc, body); err == nil {
			candidate.uses.Count(usage.Process, 0)
			return fileKey, candidate.Number, nil
		}
	}
	if len(candidates) > 1 {
		return suite.Secret{}, 0, refuse("no version of the key opens this stanza: %v", err)
	}
	return suite.Secret{}, 0, refuse("%v", err)
}

// forAge are the versions that may be meant, the latest first, and never none.
func (k *Key) forAge(number int) ([]*Version, error) {
	candidates := k.Versions()
	slices.Reverse(candidates)
	if number != 0 {
		version, err := k.forReading("stanza", number)
		if err != nil {
			return nil, err
		}
		candidates = []*Version{version}
	}
	candidates = slices.DeleteFunc(candidates, func(v *Version) bool {
		return v.Suite.AgeUnwrap == nil || !v.Purpose.Has(suite.Encryption)
	})
	if len(candidates) == 0 {
		return nil, refuse("key %s opens no age files: that needs a key of type x25519-mlkem768 for encryption", k.Name)
	}
	return candidates, k.algorithms.check(candidates[0].Suite)
}
