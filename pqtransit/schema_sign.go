package pqtransit

import (
	"github.com/hashicorp/vault/sdk/framework"
)

// signingFields are the parameters that sign and verify share.
func signingFields() map[string]*framework.FieldSchema {
	text := func(description string) *framework.FieldSchema {
		return &framework.FieldSchema{Type: framework.TypeString, Description: description}
	}
	return map[string]*framework.FieldSchema{
		"name":    nameField(),
		"input":   text("The message, base64; may be empty."),
		"context": text("Base64. Required for a derived key, whose key for this request comes from it."),
		"hash_algorithm": text(`Hash of the message: sha1, sha2-224, sha2-256 (the default), sha2-384, sha2-512, sha3-224,
sha3-256, sha3-384, sha3-512, or none with prehashed and pkcs1v15. Of Ed25519 only
sha2-512 with prehashed; with hash-slh-dsa also shake-128 and shake-256. Types that
hash by their own standard refuse all but the default, which changes nothing.`),
		"algorithm":    text("The same, under its old name; ignored, as in transit, unless hash_algorithm is given and empty."),
		"urlalgorithm": text("Hash of the message, in the path; goes before hash_algorithm."),
		"prehashed": {
			Type: framework.TypeBool,
			Description: `The input is the hash already. With Ed25519 and sha2-512: Ed25519ph. ML-DSA, SLH-DSA and
hybrid refuse it.`,
		},
		"signature_algorithm": text("Scheme, for types that have a choice: pss (the default) or pkcs1v15 of RSA, hash-slh-dsa of SLH-DSA. Other types take pss for their only scheme."),
		"marshaling_algorithm": {
			Type:        framework.TypeString,
			Default:     "asn1",
			Description: "Form of the signature: asn1, or jws for base64url and, of ECDSA, r || s.",
		},
		"salt_length": {
			Type:        framework.TypeString,
			Default:     "auto",
			Description: "Salt of RSA-PSS: auto, hash, or a number of bytes.",
		},
		"signature_context": text("Base64, up to 255 bytes, the same in signing and verifying. For Ed25519, ML-DSA, SLH-DSA and hybrid."),
		"external_mu": {
			Type:        framework.TypeBool,
			Description: "ML-DSA: the input is the 64 bytes of FIPS 204's mu, made from the public key, the context and the message.",
		},
	}
}

func signResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"signature":     {Type: framework.TypeString, Description: "vault:v<version>:<base64>"},
		"key_version":   {Type: framework.TypeInt, Description: "Version that signed"},
		"public_key":    {Type: framework.TypeString, Description: "Public key of the context, base64, of a derived key"},
		"batch_results": batchResultsField(),
	}
}
