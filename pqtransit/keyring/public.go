package keyring

import "slices"

// CheckPublicFormat refuses a format that public keys of the latest version do not have. The
// empty one, transit's own, every key has.
func (k *Key) CheckPublicFormat(format string) error {
	if format == "" || slices.Contains(k.Suite().PublicFormats(), format) {
		return nil
	}
	key, err := k.versions[k.Latest].open()
	if err != nil {
		return err
	}
	_, err = k.Suite().PublicText(format, key)
	return refuse("%v", err)
}

// PublicText is the public key that belongs to a context, in a format of
// [suite.Suite.PublicText] or, for the empty one, in transit's form: the version's own for a
// key that is not derived, else the derived one, and empty without a context. It is empty too
// where the version's type has no such format.
func (k *Key) PublicText(version *Version, context []byte, format string) (string, error) {
	key, err := version.open()
	if err != nil {
		return "", err
	}
	if k.Derived && !key.Public().IsZero() {
		if len(context) == 0 {
			return "", nil
		}
		if key, err = k.derive(version, context); err != nil {
			return "", err
		}
	}
	switch {
	case format == "":
		return key.Public().String(), nil
	case !slices.Contains(version.Suite.PublicFormats(), format):
		return "", nil
	}
	text, err := version.Suite.PublicText(format, key)
	if err != nil {
		return "", refuse("%v", err)
	}
	return text, nil
}

// publicIn is a version's public half in a format, the empty one being that of an export.
func (v *Version) publicIn(format string) (string, error) {
	key, err := v.open()
	if err != nil {
		return "", err
	}
	if public := key.Public(); format == "" || public.IsZero() {
		return publicText(key.Material(), public), nil
	}
	text, err := v.Suite.PublicText(format, key)
	if err != nil {
		return "", refuse("%v", err)
	}
	return text, nil
}

// checkFormat refuses a format of a part of a key that has but one form.
func checkFormat(part, format, only string) error {
	if format == "" || format == only {
		return nil
	}
	return refuse("export type %s has no format %q: use %s", part, format, only)
}
