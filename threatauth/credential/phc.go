package credential

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are the cost parameters of Argon2id (RFC 9106).
type Params struct {
	// MemoryKiB is the memory, in KiB.
	MemoryKiB uint32
	// Time is the number of passes.
	Time uint32
	// Threads is the number of lanes.
	Threads uint8
}

// DefaultParams are OWASP's first recommendation that fits many logins at once (Password
// Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
var DefaultParams = Params{MemoryKiB: 19 * 1024, Time: 2, Threads: 1}

const (
	phcPrefix = "$argon2id$"
	saltSize  = 16
	keySize   = 32
	// The bounds of what a stored hash may ask for, so that a corrupted entry cannot ask
	// for all memory.
	maxMemoryKiB = 1 << 20
	maxTime      = 64
	maxThreads   = 16
	maxSaltSize  = 64
	maxKeySize   = 64
)

var errPHC = errors.New("not an Argon2id hash in canonical PHC form")

// argon2idHash is a stored hash in the PHC string format:
//
//	$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<key>
//
// with salt and key in base64 (RFC 4648 section 4) without padding.
type argon2idHash struct {
	Params
	salt, key []byte
}

func newArgon2id(p Params, salt []byte, secret Secret) argon2idHash {
	return argon2idHash{Params: p, salt: salt, key: deriveKey(p, salt, secret, keySize)}
}

func deriveKey(p Params, salt []byte, secret Secret, size int) []byte {
	return argon2.IDKey([]byte(secret), salt, p.Time, p.MemoryKiB, p.Threads, uint32(size))
}

func (h argon2idHash) matches(secret Secret) bool {
	return subtle.ConstantTimeCompare(h.key, deriveKey(h.Params, h.salt, secret, len(h.key))) == 1
}

func (h argon2idHash) encode() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", phcPrefix, argon2.Version,
		h.MemoryKiB, h.Time, h.Threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// parsePHC accepts exactly what encode writes, within the bounds above.
func parsePHC(text string) (argon2idHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return argon2idHash{}, errPHC
	}
	params, err := parseParams(parts[3])
	if err != nil {
		return argon2idHash{}, err
	}
	h := argon2idHash{Params: params}
	if h.salt, err = parseBytes(parts[4], 8, maxSaltSize); err != nil {
		return argon2idHash{}, err
	}
	if h.key, err = parseBytes(parts[5], 16, maxKeySize); err != nil {
		return argon2idHash{}, err
	}
	if h.encode() != text {
		return argon2idHash{}, errPHC
	}
	return h, nil
}

func parseParams(text string) (Params, error) {
	values := map[string]uint64{}
	for field := range strings.SplitSeq(text, ",") {
		name, digits, _ := strings.Cut(field, "=")
		value, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || value == 0 {
			return Params{}, errPHC
		}
		values[name] = value
	}
	if values["m"] > maxMemoryKiB || values["t"] > maxTime || values["p"] > maxThreads {
		return Params{}, errPHC
	}
	p := Params{MemoryKiB: uint32(values["m"]), Time: uint32(values["t"]), Threads: uint8(values["p"])}
	if p.Time == 0 || p.Threads == 0 || p.MemoryKiB < 8*uint32(p.Threads) {
		return Params{}, errPHC
	}
	return p, nil
}

func parseBytes(text string, low, high int) ([]byte, error) {
	if base64.RawStdEncoding.DecodedLen(len(text)) > high {
		return nil, errPHC
	}
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(decoded) < low {
		return nil, errPHC
	}
	return decoded, nil
}
