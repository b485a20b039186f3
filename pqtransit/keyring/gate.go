package keyring

import "github.com/palisade-vault/palisade/pqtransit/suite"

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

// private is a version's private half in the text form of its export, empty when only the
// public half was imported.
func (r release) private(version *Version) (string, error) {
	return privateText(version.key.Material(), version.key.Private())
}

// hmac is a version's HMAC key.
func (r release) hmac(version *Version) suite.Secret { return version.hmacKey }

// importable is a version's private half in the form that an import takes.
func (r release) importable(version *Version) (suite.Secret, error) {
	return importForm(version.key.Material(), version.key.Private())
}
