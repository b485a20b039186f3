package suite

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
)

// Encapsulator is a key that can have purpose KeyEncapsulation.
//
// A ciphertext of the right length that was never encapsulated to the key
// decapsulates to a random secret, not to an error (FIPS 203, section 6.3), so
// callers confirm a secret ([Confirmation], [Confirm]) unless told not to.
type Encapsulator interface {
	// Encapsulate makes a fresh secret of 32 bytes and its ciphertext.
	Encapsulate() (secret Secret, ciphertext []byte, err error)
	// Decapsulate recovers the secret. Every error is a fault of the
	// ciphertext.
	Decapsulate(ciphertext []byte) (Secret, error)
}

// confirmationLabel separates the confirmation key from every other use of a
// shared secret. It is part of the wire form.
const confirmationLabel = "palisade key confirmation v1"

// errConfirmation says no more, since which of the two is wrong cannot be known.
var errConfirmation = errors.New("key confirmation failed: the ciphertext or its confirmation is not for this key")

// Confirmation is a tag of 32 bytes by which the holder of the private key
// sees that it has recovered the secret that was encapsulated (key
// confirmation as NIST SP 800-227 advises). It tells nothing of the secret.
// docs/formats.md draws it.
func Confirmation(public PublicKey, secret Secret, ciphertext []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret.view(), nil, confirmationLabel, sha256.Size)
	if err != nil {
		return nil, errConfirmation
	}
	defer clear(key)
	recipient := sha256.Sum256(public.raw)
	mac := hmac.New(sha256.New, key)
	mac.Write(recipient[:])
	mac.Write(ciphertext)
	return mac.Sum(nil), nil
}

// Confirm refuses a secret whose confirmation differs.
func Confirm(public PublicKey, secret Secret, ciphertext, confirmation []byte) error {
	want, err := Confirmation(public, secret, ciphertext)
	if err != nil || !EqualMAC(want, confirmation) {
		return errConfirmation
	}
	return nil
}

// kemFamily is a raw key encapsulation mechanism.
type kemFamily struct {
	ciphertextSize int
	newPrivate     func(seed []byte) (crypto.Decapsulator, error)
	newPublic      func(raw []byte) (crypto.Encapsulator, error)
}

// kemKey is a parsed key pair, or public key alone where private gives nil.
type kemKey struct {
	concealed
	family  kemFamily
	seed    Secret
	raw     []byte // the public key
	private func() (crypto.Decapsulator, error)
	public  func() (crypto.Encapsulator, error)
}

// pair expands the seed at first use: HPKE has its own expansion.
func (f kemFamily) pair(seed, public []byte) kemKey {
	secret := NewSecret(seed)
	k := f.half(public)
	k.seed = secret
	k.private = sync.OnceValues(func() (crypto.Decapsulator, error) { return f.newPrivate(secret.view()) })
	return k
}

func (f kemFamily) half(public []byte) kemKey {
	raw := slices.Clone(public)
	return kemKey{
		family:  f,
		raw:     raw,
		private: func() (crypto.Decapsulator, error) { return nil, errNoPrivateKey },
		public:  sync.OnceValues(func() (crypto.Encapsulator, error) { return f.newPublic(raw) }),
	}
}

func (k *kemKey) Private() Secret   { return k.seed }
func (*kemKey) Material() any       { return nil }
func (k *kemKey) Public() PublicKey { return rawPublicKey(k.raw) }

func (k *kemKey) Encapsulate() (secret Secret, ciphertext []byte, err error) {
	public, err := k.public()
	if err != nil {
		return Secret{}, nil, err
	}
	shared, ciphertext := public.Encapsulate()
	defer clear(shared)
	return NewSecret(shared), ciphertext, nil
}

func (k *kemKey) Decapsulate(ciphertext []byte) (Secret, error) {
	private, err := k.private()
	if err != nil {
		return Secret{}, err
	}
	if len(ciphertext) != k.family.ciphertextSize {
		return Secret{}, errCiphertextLength
	}
	shared, err := private.Decapsulate(ciphertext)
	if err != nil {
		return Secret{}, errors.New("invalid ciphertext")
	}
	defer clear(shared)
	return NewSecret(shared), nil
}
