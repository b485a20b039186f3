package suite

import (
	"crypto/hpke"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// agePrefix is the human-readable part of age's recipients that are X-Wing
// keys (age 1.3, stanza mlkem768x25519).
const agePrefix = "age1pq"

// ageInfo is HPKE's info in age's stanza, and that stanza's name.
const ageInfo = "age-encryption.org/mlkem768x25519"

// Sizes of age's file keys and of the body of a stanza, in bytes.
const (
	ageFileKeySize = 16
	ageBodySize    = ageFileKeySize + 16
)

// ageFamily is age's ciphersuite. Its AEAD differs from that of every suite's own
// ciphertexts, and so does HPKE's suite_id: neither side opens the other's.
func ageFamily(family hpkeFamily) hpkeFamily {
	family.kdf, family.aead = hpke.HKDFSHA256(), hpke.ChaCha20Poly1305()
	return family
}

func (f hpkeFamily) ageUnwrap(key Key, enc, body []byte) (Secret, error) {
	own, ok := key.(*hpkeKey)
	switch {
	case !ok:
		return Secret{}, errForeignKey
	case own.hpkePrivate == nil:
		return Secret{}, errNoPrivateKey
	case len(enc) != f.raw.ciphertextSize:
		return Secret{}, fmt.Errorf("invalid age stanza: its argument has %d bytes, want %d", len(enc), f.raw.ciphertextSize)
	case len(body) != ageBodySize:
		// The fixed size also makes nothing of a stanza whose body opens to more.
		return Secret{}, fmt.Errorf("invalid age stanza: its body has %d bytes, want %d", len(body), ageBodySize)
	}
	fileKey, err := f.open(own.hpkePrivate, Params{Context: []byte(ageInfo)}, slices.Concat(enc, body))
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(fileKey), nil
}

// ageRecipient is an X-Wing public key in Bech32.
func ageRecipient(key Key) (string, error) {
	raw := key.Public().raw
	if len(raw) == 0 {
		return "", errors.New("the key has no public half")
	}
	return bech32(agePrefix, raw), nil
}

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32 is BIP 173 without its bound on the length, as age has it.
func bech32(prefix string, data []byte) string {
	groups := fiveBits(data)
	var text strings.Builder
	text.WriteString(prefix)
	text.WriteByte('1')
	for _, group := range append(groups, bech32Checksum(prefix, groups)...) {
		text.WriteByte(bech32Alphabet[group])
	}
	return text.String()
}

// fiveBits regroups bytes, zero bits at the end.
func fiveBits(data []byte) []byte {
	var groups []byte
	buffer, bits := uint32(0), 0
	for _, b := range data {
		buffer, bits = buffer<<8|uint32(b), bits+8
		for ; bits >= 5; bits -= 5 {
			groups = append(groups, byte(buffer>>(bits-5))&31)
		}
	}
	if bits > 0 {
		groups = append(groups, byte(buffer<<(5-bits))&31)
	}
	return groups
}

func bech32Checksum(prefix string, groups []byte) []byte {
	var values []byte
	for _, c := range []byte(prefix) {
		values = append(values, c>>5)
	}
	values = append(values, 0)
	for _, c := range []byte(prefix) {
		values = append(values, c&31)
	}
	values = append(append(values, groups...), make([]byte, 6)...)
	remainder := bech32Polymod(values) ^ 1
	checksum := make([]byte, 6)
	for i := range checksum {
		checksum[i] = byte(remainder>>(5*(5-i))) & 31
	}
	return checksum
}

func bech32Polymod(values []byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	remainder := uint32(1)
	for _, value := range values {
		top := remainder >> 25
		remainder = (remainder&0x1ffffff)<<5 ^ uint32(value)
		for i, term := range generator {
			if top>>i&1 == 1 {
				remainder ^= term
			}
		}
	}
	return remainder
}
