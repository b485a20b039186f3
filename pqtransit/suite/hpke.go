package suite

import (
	"crypto/hpke"
	"fmt"
	"slices"
)

// hpkeFamily is what the HPKE suites differ in. All of them are base mode and
// single shot (RFC 9180, section 6.1): sealed is enc || ciphertext, the info is
// Params.Context, the aad is Params.AssociatedData, and nothing else goes in.
type hpkeFamily struct {
	kem  hpke.KEM // refuses seeds and public keys of other lengths
	kdf  hpke.KDF
	aead hpke.AEAD
	raw  kemFamily // the same mechanism without HPKE
}

// hpkeKey is a parsed key pair, or public key alone where hpkePrivate is nil.
type hpkeKey struct {
	kemKey
	hpke        hpkeFamily
	hpkePrivate hpke.PrivateKey
	hpkePublic  hpke.PublicKey
}

// suite completes the fields that all HPKE suites share.
func (f hpkeFamily) suite(s Suite) Suite {
	s.StoredAs = NotCommunity
	s.Purpose = Encryption
	s.Alternative = KeyEncapsulation
	s.Asymmetric = true
	s.AssociatedData = true
	s.HPKE = &HPKEIdentifiers{KEM: f.kem.ID(), KDF: f.kdf.ID(), AEAD: f.aead.ID()}
	s.Generate = f.generate
	s.Parse = f.parse
	s.ParsePublic = f.parsePublic
	return s
}

func (f hpkeFamily) generate() (Key, error) {
	private, err := f.kem.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	seed, err := private.Bytes()
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	return f.key(seed, private), nil
}

func (f hpkeFamily) parse(seed []byte) (Key, error) {
	private, err := f.kem.NewPrivateKey(seed)
	if err != nil {
		return nil, fmt.Errorf("invalid private key of %d bytes: %v", len(seed), err)
	}
	return f.key(seed, private), nil
}

func (f hpkeFamily) key(seed []byte, private hpke.PrivateKey) *hpkeKey {
	public := private.PublicKey()
	return &hpkeKey{kemKey: f.raw.pair(seed, public.Bytes()), hpke: f, hpkePrivate: private, hpkePublic: public}
}

// parsePublic checks the length and ML-KEM's modulus (FIPS 203, section 7.2).
func (f hpkeFamily) parsePublic(raw []byte) (Key, error) {
	public, err := f.kem.NewPublicKey(slices.Clone(raw))
	if err != nil {
		return nil, fmt.Errorf("invalid public key: %v", err)
	}
	return &hpkeKey{kemKey: f.raw.half(raw), hpke: f, hpkePublic: public}, nil
}

func (k *hpkeKey) Seal(params Params, plaintext []byte) ([]byte, error) {
	if err := k.check(params); err != nil {
		return nil, err
	}
	enc, sender, err := hpke.NewSender(k.hpkePublic, k.hpke.kdf, k.hpke.aead, params.Context)
	if err != nil {
		// The one cause is a public key that someone imported: a point of low
		// order.
		return nil, fmt.Errorf("cannot encrypt to this public key: %v", err)
	}
	ciphertext, err := sender.Seal(params.AssociatedData, plaintext)
	if err != nil {
		return nil, fmt.Errorf("cannot encrypt: %v", err)
	}
	return append(enc, ciphertext...), nil
}

func (k *hpkeKey) Open(params Params, sealed []byte) ([]byte, error) {
	if err := k.check(params); err != nil {
		return nil, err
	}
	if k.hpkePrivate == nil {
		return nil, errNoPrivateKey
	}
	return k.hpke.open(k.hpkePrivate, params, sealed)
}

// open takes all of the ciphersuite from f, so that published vectors of other
// KDFs and AEADs run through it. Every failure to open reads the same.
func (f hpkeFamily) open(private hpke.PrivateKey, params Params, sealed []byte) ([]byte, error) {
	if len(sealed) < f.raw.ciphertextSize {
		return nil, errCiphertextLength
	}
	enc, ciphertext := sealed[:f.raw.ciphertextSize:f.raw.ciphertextSize], sealed[f.raw.ciphertextSize:]
	recipient, err := hpke.NewRecipient(enc, private, f.kdf, f.aead, params.Context)
	if err != nil {
		return nil, errAuthentication
	}
	plaintext, err := recipient.Open(params.AssociatedData, ciphertext)
	if err != nil {
		return nil, errAuthentication
	}
	return plaintext, nil
}

func (*hpkeKey) check(params Params) error {
	switch {
	case params.PaddingScheme != "":
		return errPaddingScheme
	case params.Convergent != 0:
		return errNotConvergent
	case len(params.Nonce) > 0:
		return errNonce
	case len(params.IV) > 0:
		return errIV
	}
	return nil
}
