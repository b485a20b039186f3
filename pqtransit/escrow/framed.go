package escrow

import (
	"encoding/binary"
	"slices"
)

// domain separates everything that escrow hashes, signs or binds from all other
// uses of a key. It is part of the wire form.
const domain = "palisade escrow v1"

// framed joins values so that no two lists of values give the same bytes: the
// domain, the use, and each value behind its length in eight bytes.
func framed(use string, values ...[]byte) []byte {
	var joined []byte
	for _, value := range slices.Concat([][]byte{[]byte(domain), []byte(use)}, values) {
		joined = binary.BigEndian.AppendUint64(joined, uint64(len(value)))
		joined = append(joined, value...)
	}
	return joined
}

// number is a value of framed.
func number(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
