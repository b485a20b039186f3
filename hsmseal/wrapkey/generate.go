package wrapkey

import (
	"slices"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
)

// usages are all usage attributes of a secret key: what a key does not list is
// set to false, since tokens take an unspecified one as true.
var usages = []cryptoki.AttributeType{
	cryptoki.AttrEncrypt, cryptoki.AttrDecrypt, cryptoki.AttrSign, cryptoki.AttrVerify,
	cryptoki.AttrWrap, cryptoki.AttrUnwrap, cryptoki.AttrDerive,
}

// generate makes the key in the token. Attributes that only some tokens know
// are given up where the token rejects them; those that make the key safe never.
func generate(session cryptoki.Session, key mechanism.Key, spec Spec) (cryptoki.Handle, error) {
	copyable := cryptoki.Bool(cryptoki.AttrCopyable, false)
	allowed := cryptoki.MechanismList(cryptoki.AttrAllowedMechanisms, key.Mechanisms...)
	var err error
	for _, optional := range [][]cryptoki.Attribute{{allowed, copyable}, {allowed}, {copyable}, nil} {
		var handle cryptoki.Handle
		handle, err = session.GenerateKey(key.Generator, append(safeTemplate(key, spec), optional...))
		if err == nil {
			return confirm(session, key, spec.ID, handle)
		}
		if !rejectsTemplate(err) {
			break
		}
	}
	return 0, err
}

func safeTemplate(key mechanism.Key, spec Spec) []cryptoki.Attribute {
	template := []cryptoki.Attribute{
		cryptoki.Ulong(cryptoki.AttrClass, cryptoki.ClassSecretKey),
		cryptoki.Ulong(cryptoki.AttrKeyType, key.Type),
		cryptoki.Ulong(cryptoki.AttrValueLen, uint(key.Length)),
		cryptoki.Bytes(cryptoki.AttrID, objectID(key, spec.ID)),
		cryptoki.Bytes(cryptoki.AttrLabel, []byte(spec.Label)),
		cryptoki.Bool(cryptoki.AttrToken, true),
		cryptoki.Bool(cryptoki.AttrPrivate, true),
		cryptoki.Bool(cryptoki.AttrSensitive, true),
		cryptoki.Bool(cryptoki.AttrExtractable, false),
		cryptoki.Bool(cryptoki.AttrModifiable, false),
	}
	for _, usage := range usages {
		template = append(template, cryptoki.Bool(usage, slices.Contains(key.Usages, usage)))
	}
	return template
}

func rejectsTemplate(err error) bool {
	return cryptoki.IsCode(err, cryptoki.CodeAttributeTypeInvalid, cryptoki.CodeAttributeValueInvalid,
		cryptoki.CodeAttributeReadOnly, cryptoki.CodeTemplateInconsistent)
}

// confirm looks the new key up again: a neighbour may have made one of the
// same id at the same moment, and then neither may be used.
func confirm(session cryptoki.Session, key mechanism.Key, id []byte, made cryptoki.Handle) (cryptoki.Handle, error) {
	if _, err := lookup(session, key, id); err != nil {
		return 0, discard(session, made, true, err)
	}
	return made, nil
}
