package keyring

import (
	"slices"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Way is how key material is to leave the engine.
type Way int

// The ways. Each has its own condition in a key's settings.
const (
	// WayExport is in clear.
	WayExport Way = iota + 1
	// WayWrapped is encrypted to a public key of the mount.
	WayWrapped
	// WayBackup is in clear and whole, to be restored elsewhere.
	WayBackup
)

// release is a key that has passed the gate. Its methods, and nothing else in this package,
// give key material to callers; a test holds that.
type release struct{ key *Key }

// release is the one gate for everything that leaves: it alone decides whether a key's
// policy lets its material out on that way. What it does not know, it refuses.
func (k *Key) release(way Way) (release, error) {
	switch way {
	case WayExport:
		if !k.Exportable {
			return release{}, refuse("private key material is not exportable")
		}
	case WayWrapped:
		if !k.Exportable {
			return release{}, refuse("key is not exportable")
		}
	case WayBackup:
		switch {
		case !k.Exportable:
			return release{}, refuse("exporting is disallowed on the policy")
		case !k.AllowPlaintextBackup:
			return release{}, refuse("plaintext backup is disallowed on the policy")
		}
	default:
		return release{}, refuse("key material of key %s cannot leave in this way", k.Name)
	}
	return release{key: k}, nil
}

// private is a version's private half in a format of its export, empty when only the public
// half was imported.
func (r release) private(version *Version, format string) (string, error) {
	key, err := version.open()
	if err != nil {
		return "", err
	}
	private := key.Private()
	switch {
	case format == "":
		return privateText(key.Material(), private)
	case private.IsZero() && slices.Contains(version.Suite.PrivateFormats(), format):
		return "", nil
	}
	text, err := version.Suite.PrivateText(format, key)
	if err != nil {
		return "", refuse("%v", err)
	}
	return string(text.Bytes()), nil
}

// hmac is a version's HMAC key.
func (r release) hmac(version *Version) suite.Secret { return version.hmacKey }

// importable is a version's private half in the form that an import takes: PKCS #8 DER where
// the type has it, else the raw bytes.
func (r release) importable(version *Version) (suite.Secret, error) {
	key, err := version.open()
	if err != nil {
		return suite.Secret{}, err
	}
	private := key.Private()
	if private.IsZero() {
		return suite.Secret{}, refuse("private key not imported for key version selected")
	}
	if version.Suite.Encodings.PKCS8 == nil {
		return private, nil
	}
	der, err := version.Suite.Encodings.PKCS8(key)
	if err != nil {
		return suite.Secret{}, refuse("%v", err)
	}
	return der, nil
}
