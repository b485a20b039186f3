// Package cryptoki is the part of the PKCS #11 vocabulary (OASIS PKCS #11
// Cryptographic Token Interface Base Specification 2.40) that the seal needs,
// without cgo: what mechanisms and key checks see of a token, so that they are
// tested against a fake. Package token implements it over a real library.
// Names and numbers are those of the specification.
package cryptoki

// Handle is a CK_OBJECT_HANDLE: valid only in the library instance that gave
// it, and only until the token is opened again.
type Handle uint

// Session is one logged-in read/write session. It is used by one goroutine at
// a time and only inside the scope it was lent for. Errors of the token match
// *Error.
type Session interface {
	// Find returns at most limit objects that match every attribute.
	Find(template []Attribute, limit int) ([]Handle, error)
	// GenerateKey makes a secret key in the token (C_GenerateKey).
	GenerateKey(generator MechanismType, template []Attribute) (Handle, error)
	// Destroy removes an object (C_DestroyObject).
	Destroy(object Handle) error
	// Attribute reads one attribute; nil bytes mean the token has none.
	Attribute(object Handle, kind AttributeType) ([]byte, error)
	// SetAttribute changes one attribute (C_SetAttributeValue).
	SetAttribute(object Handle, attribute Attribute) error
	// Encrypt encrypts in one part. A *GCM parameter's IV is replaced by the
	// one the token used.
	Encrypt(key Handle, op Operation, plaintext []byte) ([]byte, error)
	// Decrypt decrypts in one part.
	Decrypt(key Handle, op Operation, ciphertext []byte) ([]byte, error)
}

// Operation is a mechanism and its parameter (CK_MECHANISM).
type Operation struct {
	// Mechanism is the CKM code.
	Mechanism MechanismType
	// Parameter is nil, an IV or a *GCM.
	Parameter Parameter
}

// Parameter is a mechanism parameter; the set is closed, since each kind needs
// its own translation to C.
type Parameter interface{ parameter() }

// IV is a plain initialisation vector, as CKM_AES_CBC_PAD takes it.
type IV []byte

// GCM is CK_GCM_PARAMS.
type GCM struct {
	// IV is 12 bytes. After Encrypt it holds what the token used: some tokens
	// overwrite the caller's.
	IV []byte
	// AAD is the additional authenticated data; may be empty.
	AAD []byte
	// TagBits is the tag's length in bits, 128 here.
	TagBits int
}

func (IV) parameter()   {}
func (*GCM) parameter() {}
