package suite

import "errors"

// Texts that several families share; most of them transit's.
var (
	errAuthentication   = errors.New("cipher: message authentication failed")
	errCiphertextLength = errors.New("invalid ciphertext length")
	errPaddingScheme    = errors.New("padding_scheme is not supported for this key type")
	errNoPrivateKey     = errors.New("private key not imported for key version selected")
	errNotConvergent    = errors.New("convergent encryption is not supported for this key type")
	errNonce            = errors.New("provided nonce not allowed for this key")
	errIV               = errors.New("iv is not supported for this key type")
	errAssociatedData   = errors.New("associated_data provided for non-AEAD cipher suite")
)
