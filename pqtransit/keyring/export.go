package keyring

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// exportKind is one part of a key that can be exported.
type exportKind struct {
	// secret parts need the gate.
	secret bool
	// needs is what the key must be for, and lacks the refusal where it is not.
	needs suite.Purpose
	lacks string
	// text gives the part of one version; ok is false where the version has none. A part
	// that is not secret gets a zero release. The empty format is transit's own.
	text func(r release, version *Version, format string) (text string, ok bool, err error)
}

// exportKinds by transit's names for them.
var exportKinds = map[string]exportKind{
	"encryption-key": {
		secret: true, needs: suite.Encryption, lacks: "encryption not supported for the key",
		text: exportPrivate,
	},
	"signing-key": {
		secret: true, needs: suite.Signing, lacks: "signing not supported for the key",
		text: exportPrivate,
	},
	"cmac-key": {
		secret: true, needs: suite.Authentication, lacks: "CMAC not supported for the key",
		text: func(r release, version *Version, format string) (string, bool, error) {
			text, _, err := exportPrivate(r, version, format)
			return text, version.makesCMAC(), err
		},
	},
	"hmac-key": {
		secret: true,
		text: func(r release, version *Version, format string) (string, bool, error) {
			key := r.hmac(version)
			return base64.StdEncoding.EncodeToString(key.Bytes()), !key.IsZero(), checkFormat("hmac-key", format, "raw")
		},
	},
	"public-key": {
		text: func(_ release, version *Version, format string) (string, bool, error) {
			text, err := version.publicIn(format)
			return text, !version.Public().IsZero(), err
		},
	},
	"certificate-chain": {
		needs: suite.Signing, lacks: "certificate chain not supported for keys that do not support signing",
		text: func(_ release, version *Version, format string) (string, bool, error) {
			if version.Certificates == nil {
				return "", false, refuse("selected key version does not have a certificate chain imported")
			}
			return ChainText(version.Certificates), true, checkFormat("certificate-chain", format, "pem")
		},
	},
}

func exportPrivate(r release, version *Version, format string) (string, bool, error) {
	text, err := r.private(version, format)
	return text, true, err
}

// CheckExport refuses what is no part of a key.
func CheckExport(part string) error {
	if _, known := exportKinds[part]; !known {
		return refuse("invalid export type: %s", part)
	}
	return nil
}

// Export gives one part of the versions that selector names (see [Key.Select]), by number,
// in a format of [suite.Suite.PublicText] or [suite.Suite.PrivateText], the empty one being
// transit's own.
func (k *Key) Export(part, selector, format string) (map[int]string, error) {
	kind, known := exportKinds[part]
	if !known {
		return nil, CheckExport(part)
	}
	var released release
	if kind.secret {
		var err error
		if released, err = k.release(WayExport); err != nil {
			return nil, err
		}
	}
	if !k.Purpose().Has(kind.needs) {
		return nil, refuse("%s", kind.lacks)
	}
	selected, err := k.Select(selector)
	if err != nil {
		return nil, err
	}
	texts := make(map[int]string, len(selected))
	for _, version := range selected {
		text, ok, err := kind.text(released, version, format)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, refuse("unknown key type %s for export type %s", version.Suite.Name, part)
		}
		texts[version.Number] = text
	}
	return texts, nil
}

// Select is the versions in use that a path names: all for an empty selector, else latest,
// N or vN.
func (k *Key) Select(selector string) ([]*Version, error) {
	number := k.Latest
	switch selector {
	case "":
		return k.Versions(), nil
	case "latest":
	default:
		var err error
		if number, err = strconv.Atoi(strings.TrimPrefix(selector, "v")); err != nil {
			return nil, refuse("invalid key version")
		}
	}
	if number < k.MinDecryption {
		return nil, refuse("version for export is below minimum decryption version")
	}
	version := k.usable(number)
	if version == nil {
		return nil, refuse("version does not exist or cannot be found")
	}
	return []*Version{version}, nil
}
