package hsmtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"slices"
	"sync"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Fake is a token in memory that does AES-GCM and can be told to misbehave. It
// may be used by many goroutines; its knobs are set before.
type Fake struct {
	// OverwriteIV makes Encrypt use an IV of the token's own.
	OverwriteIV bool
	// Fail is asked before each call, by the call's PKCS #11 name; an error is
	// the call's answer. Nil never fails.
	Fail func(function string) error
	// Lie replaces what Attribute answers. Nil never lies.
	Lie map[cryptoki.AttributeType][]byte
	// Leak lets the key's value be read and its attributes be changed.
	Leak bool

	mu      sync.Mutex
	objects map[cryptoki.Handle]map[cryptoki.AttributeType][]byte
	last    cryptoki.Handle
}

var _ cryptoki.Session = (*Fake)(nil)

// Objects is how many objects the token holds.
func (f *Fake) Objects() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.objects)
}

func (f *Fake) fails(function string) error {
	if f.Fail == nil {
		return nil
	}
	return f.Fail(function)
}

// Find searches by exact attribute values.
func (f *Fake) Find(template []cryptoki.Attribute, limit int) ([]cryptoki.Handle, error) {
	if err := f.fails("C_FindObjects"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []cryptoki.Handle
	for handle, object := range f.objects {
		matches := !slices.ContainsFunc(template, func(a cryptoki.Attribute) bool {
			return !bytes.Equal(object[a.Type], a.Value)
		})
		if matches && len(found) < limit {
			found = append(found, handle)
		}
	}
	return found, nil
}

// GenerateKey makes an AES key and the attributes a token adds by itself.
func (f *Fake) GenerateKey(generator cryptoki.MechanismType, template []cryptoki.Attribute) (cryptoki.Handle, error) {
	if err := f.fails("C_GenerateKey"); err != nil {
		return 0, err
	}
	object := map[cryptoki.AttributeType][]byte{}
	for _, attribute := range template {
		object[attribute.Type] = attribute.Value
	}
	length, ok := cryptoki.ParseUlong(object[cryptoki.AttrValueLen])
	if !ok {
		return 0, failure("C_GenerateKey", cryptoki.CodeTemplateIncomplete)
	}
	value := make([]byte, length)
	if _, err := rand.Read(value); err != nil {
		return 0, err
	}
	object[cryptoki.AttrValue] = value
	for _, made := range []cryptoki.Attribute{
		cryptoki.Bool(cryptoki.AttrLocal, true),
		cryptoki.Bool(cryptoki.AttrAlwaysSensitive, object[cryptoki.AttrSensitive][0] == 1),
		cryptoki.Bool(cryptoki.AttrNeverExtractable, object[cryptoki.AttrExtractable][0] == 0),
		cryptoki.Ulong(cryptoki.AttrKeyGenMechanism, uint(generator)),
	} {
		object[made.Type] = made.Value
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.objects == nil {
		f.objects = map[cryptoki.Handle]map[cryptoki.AttributeType][]byte{}
	}
	f.last++
	f.objects[f.last] = object
	return f.last, nil
}

// Destroy removes an object.
func (f *Fake) Destroy(object cryptoki.Handle) error {
	if err := f.fails("C_DestroyObject"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, object)
	return nil
}

// Attribute reads an attribute.
func (f *Fake) Attribute(object cryptoki.Handle, kind cryptoki.AttributeType) ([]byte, error) {
	if err := f.fails("C_GetAttributeValue"); err != nil {
		return nil, err
	}
	if lie, ok := f.Lie[kind]; ok {
		return lie, nil
	}
	if kind == cryptoki.AttrValue && !f.Leak {
		return nil, failure("C_GetAttributeValue", cryptoki.CodeAttributeSensitive)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	value, ok := f.objects[object][kind]
	if !ok {
		return nil, failure("C_GetAttributeValue", cryptoki.CodeAttributeTypeInvalid)
	}
	return bytes.Clone(value), nil
}

// SetAttribute refuses, unless the fake leaks.
func (f *Fake) SetAttribute(object cryptoki.Handle, attribute cryptoki.Attribute) error {
	if err := f.fails("C_SetAttributeValue"); err != nil {
		return err
	}
	if !f.Leak {
		return failure("C_SetAttributeValue", cryptoki.CodeAttributeReadOnly)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[object][attribute.Type] = attribute.Value
	return nil
}

// Encrypt does AES-GCM.
func (f *Fake) Encrypt(key cryptoki.Handle, op cryptoki.Operation, plaintext []byte) ([]byte, error) {
	if err := f.fails("C_Encrypt"); err != nil {
		return nil, err
	}
	aead, gcm, err := f.gcm("C_EncryptInit", key, op)
	if err != nil {
		return nil, err
	}
	if f.OverwriteIV {
		gcm.IV = make([]byte, len(gcm.IV))
		if _, err := rand.Read(gcm.IV); err != nil {
			return nil, err
		}
	}
	return aead.Seal(nil, gcm.IV, plaintext, gcm.AAD), nil
}

// Decrypt does AES-GCM; like SoftHSM it answers CKR_GENERAL_ERROR to a
// ciphertext that does not open.
func (f *Fake) Decrypt(key cryptoki.Handle, op cryptoki.Operation, ciphertext []byte) ([]byte, error) {
	if err := f.fails("C_Decrypt"); err != nil {
		return nil, err
	}
	aead, gcm, err := f.gcm("C_DecryptInit", key, op)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, gcm.IV, ciphertext, gcm.AAD)
	if err != nil {
		return nil, failure("C_Decrypt", cryptoki.CodeGeneralError)
	}
	return plaintext, nil
}

func (f *Fake) gcm(function string, key cryptoki.Handle, op cryptoki.Operation) (cipher.AEAD, *cryptoki.GCM, error) {
	gcm, ok := op.Parameter.(*cryptoki.GCM)
	if !ok || op.Mechanism != cryptoki.AESGCM || len(gcm.IV) != 12 {
		return nil, nil, failure(function, cryptoki.CodeMechanismParamInvalid)
	}
	f.mu.Lock()
	value := f.objects[key][cryptoki.AttrValue]
	f.mu.Unlock()
	if value == nil {
		return nil, nil, failure(function, cryptoki.CodeKeyHandleInvalid)
	}
	block, err := aes.NewCipher(value)
	if err != nil {
		return nil, nil, failure(function, cryptoki.CodeKeySizeRange)
	}
	aead, err := cipher.NewGCM(block)
	return aead, gcm, err
}

func failure(function string, code cryptoki.Code) error {
	return &cryptoki.Error{Function: function, Code: code}
}

// SetValue gives a key a known value, for known-answer tests.
func (f *Fake) SetValue(key cryptoki.Handle, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[key][cryptoki.AttrValue] = value
}
