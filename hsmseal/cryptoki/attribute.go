package cryptoki

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// AttributeType is a CK_ATTRIBUTE_TYPE.
type AttributeType uint

// Attribute types (PKCS #11 2.40, section 4; numbers from pkcs11t.h).
const (
	AttrClass             AttributeType = 0x000
	AttrToken             AttributeType = 0x001
	AttrPrivate           AttributeType = 0x002
	AttrLabel             AttributeType = 0x003
	AttrValue             AttributeType = 0x011
	AttrKeyType           AttributeType = 0x100
	AttrID                AttributeType = 0x102
	AttrSensitive         AttributeType = 0x103
	AttrEncrypt           AttributeType = 0x104
	AttrDecrypt           AttributeType = 0x105
	AttrWrap              AttributeType = 0x106
	AttrUnwrap            AttributeType = 0x107
	AttrSign              AttributeType = 0x108
	AttrVerify            AttributeType = 0x10A
	AttrDerive            AttributeType = 0x10C
	AttrValueLen          AttributeType = 0x161
	AttrExtractable       AttributeType = 0x162
	AttrLocal             AttributeType = 0x163
	AttrNeverExtractable  AttributeType = 0x164
	AttrAlwaysSensitive   AttributeType = 0x165
	AttrKeyGenMechanism   AttributeType = 0x166
	AttrModifiable        AttributeType = 0x170
	AttrCopyable          AttributeType = 0x171
	AttrAllowedMechanisms AttributeType = 0x40000600
)

var attributeNames = map[AttributeType]string{
	AttrClass: "CKA_CLASS", AttrToken: "CKA_TOKEN", AttrPrivate: "CKA_PRIVATE",
	AttrLabel: "CKA_LABEL", AttrValue: "CKA_VALUE", AttrKeyType: "CKA_KEY_TYPE",
	AttrID: "CKA_ID", AttrSensitive: "CKA_SENSITIVE", AttrEncrypt: "CKA_ENCRYPT",
	AttrDecrypt: "CKA_DECRYPT", AttrWrap: "CKA_WRAP", AttrUnwrap: "CKA_UNWRAP",
	AttrSign: "CKA_SIGN", AttrVerify: "CKA_VERIFY", AttrDerive: "CKA_DERIVE",
	AttrValueLen: "CKA_VALUE_LEN", AttrExtractable: "CKA_EXTRACTABLE",
	AttrLocal: "CKA_LOCAL", AttrNeverExtractable: "CKA_NEVER_EXTRACTABLE",
	AttrAlwaysSensitive: "CKA_ALWAYS_SENSITIVE", AttrKeyGenMechanism: "CKA_KEY_GEN_MECHANISM",
	AttrModifiable: "CKA_MODIFIABLE", AttrCopyable: "CKA_COPYABLE",
	AttrAllowedMechanisms: "CKA_ALLOWED_MECHANISMS",
}

// String is the attribute's name in the specification.
func (t AttributeType) String() string {
	if name, ok := attributeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("CKA_0x%08X", uint(t))
}

// Object classes and key types (PKCS #11 2.40).
const (
	ClassSecretKey uint = 4    // CKO_SECRET_KEY
	KeyTypeAES     uint = 0x1F // CKK_AES
)

// MechanismType is a CK_MECHANISM_TYPE.
type MechanismType uint

// Mechanisms (PKCS #11 Current Mechanisms 2.40; numbers from pkcs11t.h).
const (
	AESKeyGen MechanismType = 0x1080 // CKM_AES_KEY_GEN
	AESGCM    MechanismType = 0x1087 // CKM_AES_GCM
)

// String is the code as "0x00001087".
func (m MechanismType) String() string { return fmt.Sprintf("0x%08X", uint(m)) }

// Attribute is a CK_ATTRIBUTE in the form the C structure holds.
type Attribute struct {
	// Type names the attribute.
	Type AttributeType
	// Value is its value in the platform's encoding.
	Value []byte
}

// ulongSize is sizeof(CK_ULONG) on the LP64 platforms served.
const ulongSize = 8

// Bool is a CK_BBOOL attribute.
func Bool(kind AttributeType, value bool) Attribute {
	if value {
		return Attribute{Type: kind, Value: []byte{1}}
	}
	return Attribute{Type: kind, Value: []byte{0}}
}

// Ulong is a CK_ULONG attribute.
func Ulong(kind AttributeType, value uint) Attribute {
	return Attribute{Type: kind, Value: ulong(value)}
}

// Bytes is a byte array attribute, such as an id or a label.
func Bytes(kind AttributeType, value []byte) Attribute {
	return Attribute{Type: kind, Value: value}
}

// MechanismList is an array of mechanism codes, as AttrAllowedMechanisms holds.
func MechanismList(kind AttributeType, codes ...MechanismType) Attribute {
	var value []byte
	for _, code := range codes {
		value = append(value, ulong(uint(code))...)
	}
	return Attribute{Type: kind, Value: value}
}

// ParseBool reads a CK_BBOOL; false for ok when the bytes are none.
func ParseBool(value []byte) (result, ok bool) {
	if len(value) != 1 || value[0] > 1 {
		return false, false
	}
	return value[0] == 1, true
}

// ParseUlong reads a CK_ULONG; false for ok when the bytes are none.
func ParseUlong(value []byte) (result uint, ok bool) {
	if len(value) != ulongSize {
		return 0, false
	}
	return uint(binary.NativeEndian.Uint64(value)), true
}

// ParseMechanisms reads an array of mechanism codes; false for ok when the
// bytes are none.
func ParseMechanisms(value []byte) (codes []MechanismType, ok bool) {
	for code := range slices.Chunk(value, ulongSize) {
		number, ok := ParseUlong(code)
		if !ok {
			return nil, false
		}
		codes = append(codes, MechanismType(number))
	}
	return codes, true
}

func ulong(value uint) []byte {
	return binary.NativeEndian.AppendUint64(nil, uint64(value))
}
