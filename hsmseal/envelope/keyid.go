package envelope

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FingerprintSize is the length in bytes of the fingerprint in a KeyID.
const FingerprintSize = 4

const keyIDDomain = "palisade hsmseal key id v1"

// KeyID names one version of a tenant's wrapping keys, whichever tokens hold
// them. Vault stores its text beside each blob and seals again when it changes,
// so it is the same at every start. The zero value is no key id.
type KeyID struct {
	// Version counts from 1.
	Version uint32
	// Fingerprint tells apart keys of the same version: other tenant, other keys.
	Fingerprint [FingerprintSize]byte
}

// NewKeyID derives the id of a version from the tenant and the CKA_IDs of its
// wrapping keys. The order and repetition of the CKA_IDs change nothing.
func NewKeyID(tenant Tenant, version uint32, keyIDs [][]byte) KeyID {
	sorted := slices.SortedFunc(slices.Values(keyIDs), bytes.Compare)
	sorted = slices.CompactFunc(sorted, bytes.Equal)
	number := binary.BigEndian.AppendUint32(nil, version)
	sum := sha256.Sum256(tenant.Encode(keyIDDomain, append([][]byte{number}, sorted...)...))
	return KeyID{Version: version, Fingerprint: [FingerprintSize]byte(sum[:FingerprintSize])}
}

// String is "v<version>-<8 hex digits>". It has no colon: Vault takes apart
// ciphertexts at colons.
func (k KeyID) String() string {
	return fmt.Sprintf("v%d-%s", k.Version, hex.EncodeToString(k.Fingerprint[:]))
}

// ParseKeyID reads what String writes, and nothing else.
func ParseKeyID(text string) (KeyID, error) {
	number, digits, found := strings.Cut(strings.TrimPrefix(text, "v"), "-")
	version, err := strconv.ParseUint(number, 10, 32)
	if !found || err != nil || len(digits) != 2*FingerprintSize {
		return KeyID{}, invalid("key id is not of the form v1-0123abcd")
	}
	id := KeyID{Version: uint32(version)}
	if _, err := hex.Decode(id.Fingerprint[:], []byte(digits)); err != nil {
		return KeyID{}, invalid("key id is not of the form v1-0123abcd")
	}
	if id.Version == 0 || id.String() != text {
		return KeyID{}, invalid("key id is not in canonical form")
	}
	return id, nil
}
