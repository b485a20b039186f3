// Command interop writes to standard output what other implementations are to read: keys that
// are in pqtransit/suite/testdata/golden, in the standard forms in which we export them, with
// a signature or an encapsulation by each. README.md says what is done with it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// key is one key as we export it. Byte strings are in standard base64.
type key struct {
	Suite      string          `json:"suite"`
	Private    []byte          `json:"private"`
	Public     []byte          `json:"public"`
	PrivatePEM string          `json:"private_pem,omitempty"`
	PublicPEM  string          `json:"public_pem,omitempty"`
	JWK        json.RawMessage `json:"jwk,omitempty"`
	Message    []byte          `json:"message,omitempty"`
	Signature  []byte          `json:"signature,omitempty"`
	Ciphertext []byte          `json:"ciphertext,omitempty"`
	Secret     []byte          `json:"secret,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run() error {
	var keys []key
	for _, s := range suite.All() {
		if !s.Asymmetric || s.StoredAs != suite.NotCommunity {
			continue // of those OpenSSL's own answers are in golden
		}
		made, err := export(s)
		if err != nil {
			return fmt.Errorf("%s: %v", s.Name, err)
		}
		keys = append(keys, made)
	}
	return json.NewEncoder(os.Stdout).Encode(keys) //nolint:gosec // G117: throw-away keys, which testdata has already
}

func export(s *suite.Suite) (key, error) {
	raw, err := os.ReadFile(filepath.Join("pqtransit/suite/testdata/golden", s.Name+".json"))
	if err != nil {
		return key{}, err
	}
	var golden struct {
		Cases []struct {
			Private []byte `json:"private"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		return key{}, err
	}
	if len(golden.Cases) == 0 {
		return key{}, errors.New("has no known answers")
	}
	parsed, err := s.Parse(golden.Cases[0].Private)
	if err != nil {
		return key{}, err
	}
	made := key{Suite: s.Name, Private: parsed.Private().Bytes(), Public: parsed.Public().Bytes()}
	if err := made.encode(s, parsed); err != nil {
		return key{}, err
	}
	return made, made.use(s, parsed)
}

func (k *key) encode(s *suite.Suite, parsed suite.Key) (err error) {
	if s.Encodings.PKIX == nil {
		return nil
	}
	if k.PublicPEM, err = s.Encodings.PublicPEM(parsed); err != nil {
		return err
	}
	private, err := s.Encodings.PrivatePEM(parsed)
	if err != nil {
		return err
	}
	k.PrivatePEM = string(private.Bytes())
	if s.Encodings.JWK != nil {
		k.JWK, err = s.Encodings.JWK(parsed)
	}
	return err
}

func (k *key) use(s *suite.Suite, parsed suite.Key) (err error) {
	if signer, ok := parsed.(suite.Signer); ok {
		k.Message = []byte("signed by Palisade")
		params := suite.SignParams{Deterministic: s.Signatures.Deterministic}
		k.Signature, err = signer.Sign(params, k.Message)
		return err
	}
	secret, ciphertext, err := parsed.(suite.Encapsulator).Encapsulate()
	k.Secret, k.Ciphertext = secret.Bytes(), ciphertext
	return err
}
