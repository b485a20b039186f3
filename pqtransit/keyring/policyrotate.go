package keyring

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// followEvery is how often keys are tried again that the policy sends to another type.
const followEvery = time.Hour

// FollowCryptoPolicy rotates every key that the mount's crypto policy sends to another type,
// and answers what it did. It looks after each change of the policy, at the start, and once an
// hour. As in [Keyring.Maintain], a key that fails does not keep the others, and what is not
// cached stays so.
func (r *Keyring) FollowCryptoPolicy(ctx context.Context, storage logical.Storage, now time.Time) (all []Done, err error) {
	rules, err := r.CryptoPolicy(ctx, storage)
	if err != nil || rules.Policy().Existing != cryptopolicy.AutoRotate || !r.rules.timeToFollow(now) {
		return nil, err
	}
	names, err := r.List(ctx, storage)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return all, errors.Join(append(faults, err)...)
		}
		key, err := r.followPolicy(ctx, storage, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("key %s: %w", name, err))
		}
		if key != nil {
			all = append(all, Done{Key: key, Reason: rotation.Policy})
		}
	}
	return all, errors.Join(faults...)
}

// followPolicy answers nil for a key that stays as it is.
func (r *Keyring) followPolicy(ctx context.Context, storage logical.Storage, name string) (*Key, error) {
	key, err := r.peek(ctx, storage, name)
	if err != nil || key == nil {
		return nil, err
	}
	if next, err := key.SentTo(); next == nil || err != nil {
		return nil, err
	}
	done := false
	key, err = r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, nil
		}
		next, err := found.key.SentTo()
		if next == nil || err != nil { // changed in the meantime
			return false, err
		}
		done = true
		return true, r.rotateUnasked(ctx, found, next, rotation.Policy)
	})
	if err != nil || !done {
		return nil, err
	}
	return key, nil
}

// SentTo is the type that the mount's crypto policy sends the key to, nil where it leaves the
// key as it is. The error says why the key cannot go there by itself.
func (k *Key) SentTo() (*suite.Suite, error) {
	rules, err := k.policyRules()
	if err != nil {
		return nil, err
	}
	own := strings.HasPrefix(k.Name, ownKeysPrefix)
	if own || rules.Policy().Existing != cryptopolicy.AutoRotate || rules.Reasons(k.Suite()) == "" {
		return nil, nil
	}
	next := rules.Named(k.Suite())
	if next == nil {
		return nil, nil
	}
	if lost := k.Purpose() &^ possible(next); lost != 0 && !rules.Policy().NarrowPurpose {
		return nil, refuse("the mount's crypto policy sends key %s to %s, which would end its use for %s; rotate it with type=%s to accept that, or set narrow_purpose in config/crypto-policy",
			k.Name, next.Name, PurposeText(lost), next.Name)
	}
	return next, Rotation{}.check(k, next)
}

// next is the algorithm that a rotation asks for; one that names none follows the mount's
// crypto policy.
func (k *Key) next(rotating Rotation) (*suite.Suite, error) {
	if rotating.Type == "" && rotating.TypeParameters == (TypeParameters{}) {
		if next, err := k.SentTo(); next != nil || err != nil {
			return next, err
		}
	}
	return rotating.algorithm(k)
}
