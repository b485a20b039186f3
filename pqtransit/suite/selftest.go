package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// selfTestMessage and counting are the inputs of every self-test.
var selfTestMessage = []byte("palisade self-test")

// counting is 0, 1, 2, ... and so on.
func counting(size int) []byte {
	value := make([]byte, size)
	for i := range value {
		value[i] = byte(i)
	}
	return value
}

// errSelfTest is a wrong result, of no matter which step.
var errSelfTest = errors.New("self-test: wrong result")

// selfTest compares the SHA-256 of everything that run makes under the suite's
// registered code with an answer that another implementation gave.
func selfTest(name, answer string, run func(s *Suite) ([][]byte, error)) func() error {
	return func() error {
		s, ok := Lookup(name)
		if !ok {
			return fmt.Errorf("self-test: %s is not registered", name)
		}
		results, err := run(s)
		if err != nil {
			return fmt.Errorf("self-test of %s: %v", name, err)
		}
		got := sha256.Sum256(bytes.Join(results, nil))
		if hex.EncodeToString(got[:]) != answer {
			return fmt.Errorf("self-test of %s: wrong result", name)
		}
		return nil
	}
}

// aeadSelfTest derives a key, and seals convergently, so that nothing is
// random: HKDF, HMAC and the cipher are all in it.
func aeadSelfTest(name, answer string, size int) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		key, err := s.Parse(counting(size))
		if err != nil {
			return nil, err
		}
		derived, err := key.(Deriver).Derive(HKDFSHA256, selfTestMessage)
		if err != nil {
			return nil, err
		}
		params := Params{Convergent: 3}
		sealed, err := derived.(Encrypter).Seal(params, selfTestMessage)
		if err != nil {
			return nil, err
		}
		opened, err := derived.(Encrypter).Open(params, sealed)
		if err != nil {
			return nil, err
		}
		return [][]byte{sealed, opened}, nil
	})
}

func macSelfTest(name, answer string, size int) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		key, err := s.Parse(counting(size))
		if err != nil {
			return nil, err
		}
		mac, err := key.(MACer).MAC(MACParams{}, selfTestMessage)
		return [][]byte{mac}, err
	})
}

// signatureSelfTest gives the public key and a signature that has no
// randomness, and holds that the key also verifies what it signs.
func signatureSelfTest(name, answer string, private []byte, params SignParams) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		key, err := s.Parse(private)
		if err != nil {
			return nil, err
		}
		signature, err := signAndVerify(key, params)
		return [][]byte{key.Public().raw, signature}, err
	})
}

func signAndVerify(key Key, params SignParams) ([]byte, error) {
	signature, err := key.(Signer).Sign(params, selfTestMessage)
	if err != nil {
		return nil, err
	}
	valid, err := key.(Signer).Verify(params, selfTestMessage, signature)
	if err != nil || !valid {
		return nil, errSelfTest
	}
	signature[len(signature)/2] ^= 1
	valid, _ = key.(Signer).Verify(params, selfTestMessage, signature)
	if valid {
		return nil, errSelfTest
	}
	signature[len(signature)/2] ^= 1
	return signature, nil
}

// kemSelfTest gives the public key and what the key makes of a ciphertext that
// nobody encapsulated (FIPS 203's implicit rejection), and holds that it
// recovers what is encapsulated to it. The classical half of that ciphertext,
// if any, is the key's own public one.
func kemSelfTest(name, answer string, seedSize, pqCiphertext, pqPublic int) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		key, err := s.Parse(counting(seedSize))
		if err != nil {
			return nil, err
		}
		kem, public := key.(Encapsulator), key.Public().Bytes()
		secret, ciphertext, err := kem.Encapsulate()
		if err != nil {
			return nil, err
		}
		recovered, err := kem.Decapsulate(ciphertext)
		if err != nil || !recovered.Equal(secret) {
			return nil, errSelfTest
		}
		rejected, err := kem.Decapsulate(append(counting(pqCiphertext), public[pqPublic:]...))
		if err != nil {
			return nil, err
		}
		if err := sealAndOpen(key); err != nil {
			return nil, err
		}
		return [][]byte{public, rejected.Bytes()}, openKnown(s)
	})
}

// sealAndOpen passes over keys that do not encrypt.
func sealAndOpen(key Key) error {
	encrypter, ok := key.(Encrypter)
	if !ok {
		return nil
	}
	sealed, err := encrypter.Seal(Params{}, selfTestMessage)
	if err != nil {
		return err
	}
	opened, err := encrypter.Open(Params{}, sealed)
	if err != nil || !bytes.Equal(opened, selfTestMessage) {
		return errSelfTest
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := encrypter.Open(Params{}, sealed); err == nil {
		return errSelfTest
	}
	return nil
}
