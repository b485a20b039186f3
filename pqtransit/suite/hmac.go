package suite

import "fmt"

// HMAC (RFC 2104) with keys of transit's sizes.
var _ = register(Suite{
	Name:         "hmac",
	StoredAs:     11,
	Purpose:      Authentication,
	Module:       InsideModule,
	MACHash:      true,
	Inventory:    Inventory{ClassicalBits: 256, SecurityCategory: 5, Primitive: "mac"},
	KeySize:      &hmacSizes,
	Generate:     func() (Key, error) { return generateHMAC(hmacSizes.Default) },
	GenerateSize: generateHMAC,
	Parse:        parseHMAC,
	FromMaterial: bytesMaterial(11, parseHMAC),
	SelfTest:     macSelfTest("hmac", "a416b361c8b147fcb4eb756adf8c4af8b4387713b1605ce2b60c6057645f8532", hmacSizes.Default),
})

var hmacSizes = SizeRange{Min: 32, Max: 512, Default: 32}

// macKey is a key that only authenticates.
type macKey struct {
	concealed
	raw       Secret
	community bool
	mac       func(params MACParams, message []byte) ([]byte, error)
}

func generateHMAC(size int) (Key, error) {
	if err := checkHMACSize(size); err != nil {
		return nil, err
	}
	return fresh(size, parseHMAC)
}

func parseHMAC(raw []byte) (Key, error) {
	if err := checkHMACSize(len(raw)); err != nil {
		return nil, err
	}
	key := NewSecret(raw)
	return &macKey{raw: key, community: true, mac: func(params MACParams, message []byte) ([]byte, error) {
		if params.Length != 0 {
			return nil, fmt.Errorf("mac_length is not supported for this key type")
		}
		return HMAC(params.HashAlgorithm, key, message)
	}}, nil
}

// checkHMACSize has transit's text.
func checkHMACSize(size int) error {
	if size < hmacSizes.Min || size > hmacSizes.Max {
		return fmt.Errorf("invalid key size for HMAC key, must be between %d and %d bytes", hmacSizes.Min, hmacSizes.Max)
	}
	return nil
}

func (k *macKey) Private() Secret { return k.raw }

// Size is 0 for keys of a type that has one size, the CMAC ones.
func (k *macKey) Size() int {
	if !k.community {
		return 0
	}
	return len(k.raw.view())
}

func (*macKey) Public() PublicKey { return PublicKey{} }

func (k *macKey) Material() any {
	if !k.community {
		return nil
	}
	return k.raw.Bytes()
}

// MAC is what the key's suite makes of the message.
func (k *macKey) MAC(params MACParams, message []byte) ([]byte, error) {
	return k.mac(params, message)
}
