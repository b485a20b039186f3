package keyring

import (
	"cmp"
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Rotation is how a key is to get its next version. The zero value keeps the algorithm.
type Rotation struct {
	// Type is the next version's suite, as [Spec] names it; empty: that of the latest, but
	// for what TypeParameters say.
	Type string
	TypeParameters
	// AllowUnauthenticatedEncryption accepts that whoever has the public key can make
	// ciphertexts, which nobody could while the key was symmetric.
	AllowUnauthenticatedEncryption bool
	// Cause is why and by whom; no reason is a request.
	Cause rotation.Cause
}

// Rotate adds a version. The key's older versions, and what they encrypted, stay as they
// are. When it fails, the key is as it was.
func (r *Keyring) Rotate(ctx context.Context, storage logical.Storage, name string, rotating Rotation) (*Key, error) {
	return r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, refuse("key not found")
		}
		key := found.key
		algorithm, err := key.next(rotating)
		if err != nil {
			return false, err
		}
		if err := rotating.check(key, algorithm); err != nil {
			return false, err
		}
		cause := rotating.Cause
		cause.Reason = cmp.Or(cause.Reason, rotation.Request)
		return true, r.rotate(ctx, found, algorithm, cause)
	})
}

// rotate adds a version of that algorithm. Rotation never widens what a key is for, and may
// narrow it.
func (r *Keyring) rotate(ctx context.Context, l *loaded, algorithm *suite.Suite, cause rotation.Cause) error {
	key := l.key
	key.Imported = false
	l.cause = cause
	return r.makeVersion(ctx, key, algorithm, key.Purpose()&possible(algorithm))
}

func (rotating Rotation) algorithm(key *Key) (*suite.Suite, error) {
	latest := key.Suite()
	switch {
	case rotating.Type != "":
		return rotating.find(rotating.Type)
	case rotating.TypeParameters == TypeParameters{}:
		return latest, nil
	}
	return rotating.over(latest.Selector).find(latest.Selector.Type)
}

// check holds the rules by which a key may change its algorithm.
func (rotating Rotation) check(key *Key, next *suite.Suite) error {
	if key.Imported && !key.ImportedRotation {
		return refuse("imported key %s does not allow rotation within Vault", key.Name)
	}
	latest := key.Suite()
	if next == latest {
		return nil
	}
	switch {
	case key.Purpose()&possible(next) == 0:
		return refuse("key %s is for %s and cannot be rotated to %s, which is for %s",
			key.Name, PurposeText(key.Purpose()), next.Name, purposeChoice(next))
	case key.Convergent:
		return refuse("key %s is convergent and cannot be rotated to another type", key.Name)
	case key.Derived && !next.Derivation:
		return refuse("key %s is derived and cannot be rotated to %s, which has no derivation", key.Name, next.Name)
	case key.Purpose().Has(suite.Encryption) && !latest.Asymmetric && next.Asymmetric && !rotating.AllowUnauthenticatedEncryption:
		return refuse("rotating key %s from %s to %s lets anyone who has the public key make ciphertexts; set allow_unauthenticated_encryption=true to accept that",
			key.Name, latest.Name, next.Name)
	case !latest.Unauthenticated && next.Unauthenticated && !rotating.AllowUnauthenticatedEncryption:
		return refuse("rotating key %s from %s to %s lets anyone change ciphertexts unnoticed; set allow_unauthenticated_encryption=true to accept that",
			key.Name, latest.Name, next.Name)
	}
	return nil
}

// over fills in what was not given.
func (p TypeParameters) over(latest suite.Selector) TypeParameters {
	return TypeParameters{
		ParameterSet: cmp.Or(p.ParameterSet, latest.ParameterSet),
		HybridPQC:    cmp.Or(p.HybridPQC, latest.HybridPQC),
		HybridEC:     cmp.Or(p.HybridEC, latest.HybridEC),
	}
}
