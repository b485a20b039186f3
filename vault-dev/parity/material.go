package parity

import (
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // one of the hash functions that import takes
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"hash"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/kwp/subtle"
)

// oaepHashes are the values of hash_function.
var oaepHashes = map[string]func() hash.Hash{
	"SHA1": sha1.New, "SHA224": sha256.New224, "SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New,
}

// symmetricSizes are in bytes; hmac keys may have other sizes.
var symmetricSizes = map[string]int{
	"aes128-gcm96": 16, "aes256-gcm96": 32, "chacha20-poly1305": 32, "hmac": 64,
}

var curves = map[string]elliptic.Curve{
	"ecdsa-p256": elliptic.P256(), "ecdsa-p384": elliptic.P384(), "ecdsa-p521": elliptic.P521(),
}

var rsaSizes = map[string]int{"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}

// wrapped is key TYPE:NUMBER under HASH, from HASH:TYPE:NUMBER, encrypted to a wrapping key. The
// key itself is the same for every engine.
func wrapped(what, wrappingKey string) string {
	hashName, label, _ := strings.Cut(what, ":")
	block, _ := pem.Decode([]byte(wrappingKey))
	newHash := oaepHashes[strings.ToUpper(hashName)]
	if block == nil || newHash == nil {
		return unresolved
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	rsaKey, isRSA := public.(*rsa.PublicKey)
	if err != nil || !isRSA {
		return unresolved
	}
	transport := make([]byte, 2*aes.BlockSize)
	_, _ = rand.Read(transport)
	first, err := rsa.EncryptOAEP(newHash(), rand.Reader, rsaKey, transport, nil)
	if err != nil {
		return unresolved
	}
	kwp, err := subtle.NewKWP(transport)
	if err != nil {
		return unresolved
	}
	second, err := kwp.Wrap(plainKey(label))
	if err != nil {
		return unresolved
	}
	return base64.StdEncoding.EncodeToString(append(first, second...))
}

// plainKey is what import finds inside: bytes, or PKCS #8.
func plainKey(label string) []byte {
	name, _, _ := strings.Cut(label, ":")
	if size, isSymmetric := symmetricSizes[name]; isSymmetric {
		digest := sha512.Sum512([]byte(label))
		return digest[:size]
	}
	der, err := x509.MarshalPKCS8PrivateKey(privateKey(label))
	if err != nil {
		return []byte("no key of this type exists here")
	}
	return der
}

// publicPEM is the public key in PEM; of Ed25519 too.
func publicPEM(label string) string {
	signer, ok := privateKey(label).(crypto.Signer)
	if !ok {
		return unresolved
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return unresolved
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

var rsaKeys sync.Map // label to what makes it once

// privateKey is the asymmetric key TYPE:NUMBER; nil for other types. RSA keys are made once a
// run, the others come from the label.
func privateKey(label string) crypto.PrivateKey {
	name, _, _ := strings.Cut(label, ":")
	seed := sha512.Sum512([]byte(label))
	switch curve, bits := curves[name], rsaSizes[name]; {
	case name == "ed25519":
		return ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize])
	case curve != nil:
		return curveKey(curve, seed[:])
	case bits != 0:
		once, _ := rsaKeys.LoadOrStore(label, sync.OnceValue(func() crypto.PrivateKey { return newRSA(bits) }))
		made, _ := once.(func() crypto.PrivateKey)
		return made()
	}
	return nil
}

func newRSA(bits int) crypto.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil
	}
	return key
}

// curveKey has a scalar that is well below the order of its curve.
func curveKey(curve elliptic.Curve, seed []byte) crypto.PrivateKey {
	size := (curve.Params().N.BitLen() + 7) / 8
	scalar := make([]byte, size)
	copy(scalar[size-min(size, 32)+1:], seed)
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		return nil
	}
	return key
}
