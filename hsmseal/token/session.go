package token

import (
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// session is one lent session.
type session struct {
	library *pkcs11.Ctx
	handle  pkcs11.SessionHandle
}

var _ cryptoki.Session = session{}

func (s session) Find(template []cryptoki.Attribute, limit int) (found []cryptoki.Handle, err error) {
	if err := s.library.FindObjectsInit(s.handle, attributes(template)); err != nil {
		return nil, classify("C_FindObjectsInit", err)
	}
	defer func() {
		err = errors.Join(err, classify("C_FindObjectsFinal", s.library.FindObjectsFinal(s.handle)))
	}()
	for len(found) < limit {
		handles, _, err := s.library.FindObjects(s.handle, limit-len(found))
		if err != nil {
			return nil, classify("C_FindObjects", err)
		}
		if len(handles) == 0 {
			break
		}
		for _, handle := range handles {
			found = append(found, cryptoki.Handle(handle))
		}
	}
	return found, nil
}

func (s session) GenerateKey(generator cryptoki.MechanismType, template []cryptoki.Attribute) (cryptoki.Handle, error) {
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(generator), nil)}
	handle, err := s.library.GenerateKey(s.handle, mechanism, attributes(template))
	return cryptoki.Handle(handle), classify("C_GenerateKey", err)
}

func (s session) Destroy(object cryptoki.Handle) error {
	return classify("C_DestroyObject", s.library.DestroyObject(s.handle, pkcs11.ObjectHandle(object)))
}

func (s session) Attribute(object cryptoki.Handle, kind cryptoki.AttributeType) ([]byte, error) {
	query := []*pkcs11.Attribute{{Type: uint(kind)}}
	values, err := s.library.GetAttributeValue(s.handle, pkcs11.ObjectHandle(object), query)
	if err != nil {
		return nil, classify("C_GetAttributeValue", err)
	}
	return values[0].Value, nil
}

func (s session) SetAttribute(object cryptoki.Handle, attribute cryptoki.Attribute) error {
	change := attributes([]cryptoki.Attribute{attribute})
	return classify("C_SetAttributeValue", s.library.SetAttributeValue(s.handle, pkcs11.ObjectHandle(object), change))
}

func (s session) Encrypt(key cryptoki.Handle, op cryptoki.Operation, plaintext []byte) ([]byte, error) {
	mechanism, release, err := prepare(op)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := s.library.EncryptInit(s.handle, mechanism, pkcs11.ObjectHandle(key)); err != nil {
		return nil, classify("C_EncryptInit", err)
	}
	ciphertext, err := s.library.Encrypt(s.handle, plaintext)
	return ciphertext, classify("C_Encrypt", err)
}

func (s session) Decrypt(key cryptoki.Handle, op cryptoki.Operation, ciphertext []byte) ([]byte, error) {
	mechanism, release, err := prepare(op)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := s.library.DecryptInit(s.handle, mechanism, pkcs11.ObjectHandle(key)); err != nil {
		return nil, classify("C_DecryptInit", err)
	}
	plaintext, err := s.library.Decrypt(s.handle, ciphertext)
	return plaintext, classify("C_Decrypt", err)
}

// prepare translates an operation to C. The release function reads the IV that
// a GCM operation used back into its parameter, then frees the C memory; it is
// called when the operation is over.
func prepare(op cryptoki.Operation) (mechanism []*pkcs11.Mechanism, release func(), err error) {
	release = func() {}
	var parameter any
	switch p := op.Parameter.(type) {
	case nil:
	case cryptoki.IV:
		parameter = []byte(p)
	case *cryptoki.GCM:
		params := pkcs11.NewGCMParams(p.IV, p.AAD, p.TagBits)
		release = func() {
			if iv := params.IV(); iv != nil {
				p.IV = iv
			}
			params.Free()
		}
		parameter = params
	default:
		return nil, nil, fmt.Errorf("internal error: parameter %T of mechanism %v", p, op.Mechanism)
	}
	return []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(op.Mechanism), parameter)}, release, nil
}

func attributes(template []cryptoki.Attribute) []*pkcs11.Attribute {
	converted := make([]*pkcs11.Attribute, 0, len(template))
	for _, attribute := range template {
		converted = append(converted, &pkcs11.Attribute{Type: uint(attribute.Type), Value: attribute.Value})
	}
	return converted
}
