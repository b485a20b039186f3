package suite

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// convergentKeySize is the length of the key from which convergent version 3
// makes its nonces: it follows the encryption key in HKDF's output.
const convergentKeySize = 32

// Bounds of one key. With 2^32 random nonces of 96 bits two are equal with a probability of at
// most 2^-32 (NIST SP 800-38D, section 8.3); the same birthday bound holds for
// ChaCha20-Poly1305's. A cipher with blocks of 128 bits is told from random within 2^48 of them
// with a probability of at most 2^-33 (the PRP/PRF switching lemma, q^2/2^129).
const (
	randomNonces  = 1 << 32
	blockOf128Max = 1 << 48 * 16
)

// aeadFamily is what the symmetric suites differ in.
type aeadFamily struct {
	keySize int
	// cipher may be one that authenticates nothing: its suite then says so.
	cipher func(key []byte) (cipher.AEAD, error)
	// unauthenticated ciphers take the caller's IV, no associated data, and
	// only the convergent scheme that new keys have.
	unauthenticated bool
}

// aeadKey is a symmetric key with its cipher, expanded once. A derived key
// also knows what convergent encryption makes its nonces from.
type aeadKey struct {
	concealed
	family aeadFamily
	raw    Secret
	aead   cipher.AEAD

	derived  bool
	context  []byte // of a derived key: nonces of convergent version 2
	nonceKey Secret // of a derived key: nonces of version 3; zero if there is none
}

// suite completes the fields that all symmetric suites share.
func (f aeadFamily) suite(s Suite) Suite {
	s.Purpose = Encryption
	s.Derivation = true
	s.Convergent = true
	s.AssociatedData = !f.unauthenticated
	s.Unauthenticated = f.unauthenticated
	s.CallerIV = f.unauthenticated
	if !f.unauthenticated {
		s.SafeMessages = randomNonces
	}
	s.Generate = func() (Key, error) {
		return fresh(f.keySize, f.parse)
	}
	s.Parse = f.parse
	s.FromMaterial = bytesMaterial(s.StoredAs, f.parse)
	return s
}

// random is fresh bytes; crypto/rand ends the process rather than fail.
func random(size int) []byte {
	value := make([]byte, size)
	_, _ = rand.Read(value)
	return value
}

// fresh makes a key of random bytes, of which parse keeps its own copy.
func fresh(size int, parse func([]byte) (Key, error)) (Key, error) {
	seed := random(size)
	defer clear(seed)
	return parse(seed)
}

// bytesMaterial is FromMaterial for keys that keysutil holds as bytes, nil for
// those it cannot hold.
func bytesMaterial(storedAs int, parse func([]byte) (Key, error)) func(any) (Key, error) {
	if storedAs == NotCommunity {
		return nil
	}
	return func(material any) (Key, error) {
		raw, ok := material.([]byte)
		if !ok {
			return nil, fmt.Errorf("stored key is a %T, want bytes", material)
		}
		return parse(raw)
	}
}

func (f aeadFamily) parse(raw []byte) (Key, error) {
	key, err := f.key(raw)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (f aeadFamily) key(raw []byte) (*aeadKey, error) {
	if len(raw) != f.keySize {
		return nil, fmt.Errorf("invalid key size %d bytes, want %d", len(raw), f.keySize)
	}
	aead, err := f.cipher(raw)
	if err != nil {
		return nil, fmt.Errorf("invalid key: %v", err)
	}
	return &aeadKey{family: f, raw: NewSecret(raw), aead: aead}, nil
}

// Private is zero for a derived key: such keys are never stored.
func (k *aeadKey) Private() Secret {
	if k.derived {
		return Secret{}
	}
	return k.raw
}

func (k *aeadKey) Material() any {
	if k.derived || k.family.unauthenticated {
		return nil
	}
	return k.raw.Bytes()
}

func (*aeadKey) Public() PublicKey { return PublicKey{} }

// Derive expands to one encryption key and, with HKDF, to the nonce key behind
// it. HKDF's output for a shorter length is a prefix, so the encryption key is
// the same whether or not the caller is convergent.
func (k *aeadKey) Derive(function KDF, context []byte) (Key, error) {
	if k.derived {
		return nil, errors.New("a derived key does not derive further keys")
	}
	size := k.family.keySize
	material, err := expand(function, k.raw.view(), context, size+convergentKeySize)
	if err != nil {
		return nil, err
	}
	defer clear(material)
	key, err := k.family.key(material[:min(size, len(material))])
	if err != nil {
		return nil, err
	}
	key.derived = true
	key.context = slices.Clone(context)
	if len(material) == size+convergentKeySize {
		key.nonceKey = NewSecret(material[size:])
	}
	return key, nil
}

// Seal gives nonce || ciphertext || tag, without the nonce in convergent
// version 1, whose nonce the caller keeps.
func (k *aeadKey) Seal(params Params, plaintext []byte) ([]byte, error) {
	size := k.aead.NonceSize()
	sealed := make([]byte, size, size+len(plaintext)+k.aead.Overhead())
	nonce, err := k.nonce(params, plaintext, sealed)
	if err != nil {
		return nil, err
	}
	if params.Convergent == 1 {
		sealed = sealed[:0]
	}
	copy(sealed, nonce)
	return k.aead.Seal(sealed, nonce, plaintext, params.AssociatedData), nil
}

func (k *aeadKey) Open(params Params, sealed []byte) ([]byte, error) {
	if err := k.check(params); err != nil {
		return nil, err
	}
	if len(params.IV) > 0 {
		return nil, errors.New("iv is part of the ciphertext and not given to decrypt")
	}
	nonce, body := params.Nonce, sealed
	if params.Convergent != 1 {
		if len(sealed) < k.aead.NonceSize() {
			return nil, errCiphertextLength
		}
		nonce, body = sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():]
	}
	plaintext, err := k.aead.Open(nil, nonce, body, params.AssociatedData)
	if err != nil {
		return nil, err // it says that authentication failed, and nothing else
	}
	return plaintext, nil
}

// check refuses parameters that do not belong to this key.
func (k *aeadKey) check(params Params) error {
	switch {
	case params.PaddingScheme != "":
		return errPaddingScheme
	case k.family.unauthenticated:
		return k.checkUnauthenticated(params)
	case len(params.IV) > 0:
		return errIV
	case params.Convergent < 0 || params.Convergent > 3:
		return fmt.Errorf("unhandled convergent version %d", params.Convergent)
	case params.Convergent > 0 && !k.derived:
		return errors.New("convergent encryption requires a derived key")
	case params.Convergent == 1 && len(params.Nonce) != k.aead.NonceSize():
		return fmt.Errorf("base64-decoded nonce must be %d bytes long when using convergent encryption with this key", k.aead.NonceSize())
	case params.Convergent != 1 && len(params.Nonce) > 0:
		return errors.New("nonce provided when not allowed")
	}
	return nil
}

func (k *aeadKey) checkUnauthenticated(params Params) error {
	switch {
	case len(params.AssociatedData) > 0:
		return errAssociatedData
	case params.Convergent != 0 && params.Convergent != 3:
		return fmt.Errorf("unhandled convergent version %d", params.Convergent)
	case params.Convergent != 0 && !k.derived:
		return errors.New("convergent encryption requires a derived key")
	case len(params.Nonce) > 0:
		return errors.New("nonce provided when not allowed")
	case len(params.IV) > 0 && params.Convergent != 0:
		return errors.New("iv provided when convergent encryption makes its own")
	case len(params.IV) > 0 && len(params.IV) != k.aead.NonceSize():
		return fmt.Errorf("iv has %d bytes, want %d", len(params.IV), k.aead.NonceSize())
	}
	return nil
}

// nonce is random, read into fresh, or a function of the plaintext, or the caller's.
func (k *aeadKey) nonce(params Params, plaintext, fresh []byte) ([]byte, error) {
	if err := k.check(params); err != nil {
		return nil, err
	}
	if len(params.IV) > 0 {
		return params.IV, nil
	}
	key := k.nonceKey.view()
	switch params.Convergent {
	case 0:
		_, _ = rand.Read(fresh) // crypto/rand ends the process rather than fail
		return fresh, nil
	case 1:
		return params.Nonce, nil
	case 2:
		key = k.context
	}
	if len(key) == 0 {
		return nil, errors.New("could not derive key, length too small")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(plaintext)
	return mac.Sum(nil)[:k.aead.NonceSize()], nil
}
