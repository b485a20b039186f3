package keyring

import (
	"context"
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/sdk/logical"
)

// Trim destroys every version older than minAvailable, for good. It may be at most the
// lesser of MinDecryption and MinEncryption, which must be set. A nil minAvailable is
// refused, but only after the key was found.
func (r *Keyring) Trim(ctx context.Context, storage logical.Storage, name string, minAvailable *int) (*Key, error) {
	return r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, refuse("invalid key name")
		}
		if minAvailable == nil {
			return false, refuse("missing min_available_version")
		}
		key := found.key
		if err := key.checkTrim(*minAvailable); err != nil {
			return false, err
		}
		// A trim that failed at its last step has yet to be finished.
		unfinished, err := found.hasStrays(ctx, storage)
		if err != nil {
			return false, err
		}
		changed := unfinished || key.MinAvailable != *minAvailable
		key.dropBefore(*minAvailable)
		return changed, nil
	})
}

func (k *Key) dropBefore(minAvailable int) {
	k.MinAvailable = minAvailable
	maps.DeleteFunc(k.versions, func(number int, _ *Version) bool { return number < minAvailable })
}

func (k *Key) checkTrim(minAvailable int) error {
	switch {
	case minAvailable < k.MinAvailable:
		return refuse("minimum available version cannot be decremented")
	case k.MinEncryption == 0:
		return refuse("minimum available version cannot be set when minimum encryption version is not set")
	case minAvailable > k.MinEncryption:
		return refuse("minimum available version cannot be greater than minmum encryption version")
	case minAvailable > k.MinDecryption:
		return refuse("minimum available version cannot be greater than minimum decryption version")
	case minAvailable == 0:
		return refuse("minimum available version should be positive")
	}
	return nil
}

// mend finds a trim that a crash has interrupted after keysutil wrote the trimmed archive
// and before it wrote the policy, which then reads the wrong versions from the archive. It
// sets the policy right, so that the change about to be made stores it.
func (l *loaded) mend(ctx context.Context, storage logical.Storage) error {
	if l == nil || l.policy == nil {
		return nil
	}
	archive, err := l.policy.LoadArchive(ctx, storage)
	if err != nil {
		return fmt.Errorf("failed to read the archive of key %s: %w", l.key.Name, err)
	}
	latest := l.policy.Keys[strconv.Itoa(l.policy.LatestVersion)]
	if len(latest.HMACKey) == 0 {
		return nil // nothing to know the entry by
	}
	// From the end, as a rotation that was interrupted leaves one entry too many there.
	for index, entry := range slices.Backward(archive.Keys) {
		if subtle.ConstantTimeCompare(entry.HMACKey, latest.HMACKey) == 0 {
			continue
		}
		first := l.policy.LatestVersion - index
		if first > l.policy.MinAvailableVersion && first <= l.policy.MinDecryptionVersion {
			l.policy.MinAvailableVersion, l.policy.ArchiveMinVersion = first, first
			l.key.MinAvailable = first
			l.mended = true
		}
		return nil
	}
	return nil
}
