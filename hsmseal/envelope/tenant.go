package envelope

import "encoding/binary"

// Tenant is whom a blob belongs to: the place under which one Vault calls the
// seal. Every blob and every wrap in it is bound to all three parts, so that
// what one tenant sealed never opens for another. Any part may be empty; two
// tenants are the same only when all parts are equal, byte for byte.
type Tenant struct {
	// Namespace is the X-Vault-Namespace header without slashes at its ends.
	Namespace string
	// MountPath is the seal stanza's mount_path without slashes at its ends.
	MountPath string
	// KeyName is the seal stanza's key_name.
	KeyName string
}

// Encode returns the domain, the three parts and the rest, each behind its
// length in 4 bytes, so that no two inputs encode to the same bytes. The domain
// says what the encoding is for; no two uses share one.
func (t Tenant) Encode(domain string, rest ...[]byte) []byte {
	out := appendField(nil, domain)
	out = appendField(out, t.Namespace)
	out = appendField(out, t.MountPath)
	out = appendField(out, t.KeyName)
	for _, field := range rest {
		out = appendField(out, field)
	}
	return out
}

func appendField[T ~string | ~[]byte](out []byte, field T) []byte {
	// Fields come from a configuration or a blob, both far below 4 GiB.
	out = binary.BigEndian.AppendUint32(out, uint32(len(field)))
	return append(out, field...)
}
