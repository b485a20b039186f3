package keyring

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// maxArchiveSize is what keysutil's one entry with every version of a key may grow to, in
// bytes: Raft refuses entries of more than 1 MiB unless it is told otherwise, which a plugin
// cannot see.
const maxArchiveSize = 1<<20 - 16<<10

// checkArchive refuses a change that would make the archive too large for the storage, while
// nothing is written yet. One that is larger already shows that the storage takes more.
func (l *loaded) checkArchive(ctx context.Context, storage logical.Storage) error {
	if l.policy.ArchiveVersion >= l.policy.LatestVersion {
		return nil
	}
	archive, err := l.policy.LoadArchive(ctx, storage)
	if err != nil {
		return fmt.Errorf("failed to read the archive of key %s: %w", l.key.Name, err)
	}
	before, err := encodedSize(archive.Keys)
	if err != nil {
		return err
	}
	// As keysutil is about to do.
	for number := l.policy.ArchiveVersion + 1; number <= l.policy.LatestVersion; number++ {
		for number-l.policy.MinAvailableVersion >= len(archive.Keys) {
			archive.Keys = append(archive.Keys, keysutil.KeyEntry{})
		}
		archive.Keys[number-l.policy.MinAvailableVersion] = l.policy.Keys[strconv.Itoa(number)]
	}
	after, err := encodedSize(archive.Keys)
	if err != nil {
		return err
	}
	if after > maxArchiveSize && before <= maxArchiveSize {
		return refuse("the versions of key %s would need %d bytes in one entry, and Vault's storage takes at most %d: "+
			"destroy old versions by keys/%s/trim, or rotate to another type, whose keys are stored in several entries",
			l.key.Name, after, maxArchiveSize, l.key.Name)
	}
	return nil
}

func encodedSize(entries []keysutil.KeyEntry) (int, error) {
	size := 0
	for _, entry := range entries {
		encoded, err := json.Marshal(entry)
		if err != nil {
			return 0, fmt.Errorf("failed to encode a version: %v", err)
		}
		size += len(encoded) + 1
	}
	return size, nil
}
