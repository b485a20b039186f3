package keyring

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/posture"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// maxPostureVersions bounds the versions of one page, whose last key may go beyond.
const maxPostureVersions = 10_000

// PosturePage is one page of a mount's keys.
type PosturePage struct {
	Keys []posture.Key
	// Next is the name to ask for the next page after, "" on the last.
	Next string
	// Total is how many keys the mount has, its own wrapping keys among them.
	Total int
}

// Postures looks at up to limit names behind after, in order; limit is at least 1. It reads
// each key that is not in memory, and does not cache it.
func (r *Keyring) Postures(ctx context.Context, storage logical.Storage, after string, limit int) (PosturePage, error) {
	names, err := r.everyName(ctx, storage)
	if err != nil {
		return PosturePage{}, err
	}
	page := PosturePage{Total: len(names)}
	first, found := slices.BinarySearch(names, after)
	if found {
		first++
	}
	versions := 0
	for i, name := range names[first:] {
		if i == limit || versions >= maxPostureVersions {
			page.Next = names[first+i-1]
			break
		}
		key, err := r.posture(ctx, storage, name)
		if err != nil {
			return PosturePage{}, err
		}
		if key != nil { // not deleted in the meantime
			versions += len(key.Versions)
			page.Keys = append(page.Keys, *key)
		}
	}
	return page, nil
}

// everyName is in order, and has the mount's own keys too.
func (r *Keyring) everyName(ctx context.Context, storage logical.Storage) ([]string, error) {
	names, err := r.List(ctx, storage)
	if err != nil {
		return nil, err
	}
	own, err := storage.List(ctx, policyPrefix+ownKeysPrefix)
	if err != nil {
		return nil, fmt.Errorf("failed to list keys: %w", err)
	}
	for _, name := range own {
		names = append(names, ownKeysPrefix+name)
	}
	slices.Sort(names)
	return names, nil
}

func (r *Keyring) posture(ctx context.Context, storage logical.Storage, name string) (*posture.Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key, err := r.peek(ctx, storage, name)
	if err != nil || key == nil {
		return nil, err
	}
	uses, err := r.Uses(ctx, storage, key)
	if err != nil {
		return nil, err
	}
	about := posture.Key{
		Name: name, Derived: key.Derived, Convergent: key.Convergent, MinDecryption: key.MinDecryption,
		Rotation: posture.Rotation{Period: key.AutoRotatePeriod, Schedule: key.Rotation.Schedule, Due: key.NextRotation(r.now())},
		Blocked:  key.blocked(),
	}
	for number := max(key.MinAvailable, 1); number <= key.Latest; number++ {
		version := key.postureVersion(number)
		version.LastProtected, version.LastProcessed = uses[number].Protected.Last, uses[number].Processed.Last
		about.Versions = append(about.Versions, version)
	}
	return &about, nil
}

// postureVersion is also of a version that lies in keysutil's archive alone. All versions of
// such a key have one type.
func (k *Key) postureVersion(number int) posture.Version {
	found := k.versions[number]
	if found == nil {
		return posture.Version{Number: number, Suite: k.Suite(), Purpose: k.Purpose()}
	}
	about := posture.Version{Number: number, Suite: found.Suite, Purpose: found.Purpose, Created: found.Created}
	if strings.HasPrefix(k.Name, ownKeysPrefix) {
		about.Purpose &= suite.Encryption // nothing else is done with it
	}
	return about
}

// NextRotation is when the key rotates by its period or its schedule, past where that is about
// to happen, zero for never.
func (k *Key) NextRotation(now time.Time) time.Time { return earlier(k.rotationTimes(now)) }

func (k *Key) blocked() string {
	switch {
	case strings.HasPrefix(k.Name, ownKeysPrefix):
		return "the mount's own key: wrap imports to wrapping_key?type=x25519-mlkem768 instead"
	case k.Imported && !k.ImportedRotation:
		return "an imported key that does not allow rotation: import a new key"
	}
	return ""
}
