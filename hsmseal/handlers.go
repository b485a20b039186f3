package hsmseal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

// tokenLease is the lease_duration in seconds that renew-self answers. Client
// tokens do not expire; Vault asks again after two thirds of it, for ever, and
// so learns within a day that a token was revoked.
const tokenLease = 24 * 60 * 60

// dataResponse is Vault's form of an answer with data.
type dataResponse struct {
	Data any `json:"data"`
}

type ciphertextData struct {
	Ciphertext string `json:"ciphertext"`
	KeyVersion uint32 `json:"key_version"`
}

type plaintextData struct {
	Plaintext string `json:"plaintext"`
}

// authResponse is Vault's form of an answer to a renewal. It must have a body
// with auth in it: without, Vault does not start.
type authResponse struct {
	Auth authData `json:"auth"`
}

type authData struct {
	ClientToken   string   `json:"client_token"`
	Policies      []string `json:"policies"`
	TokenPolicies []string `json:"token_policies"`
	LeaseDuration int      `json:"lease_duration"`
	Renewable     bool     `json:"renewable"`
	TokenType     string   `json:"token_type"`
}

func (s *Server) encrypt(req *request) (any, error) {
	var in struct {
		Plaintext *string `json:"plaintext"`
	}
	if err := decodeBody(req.body, &in); err != nil {
		return nil, err
	}
	if in.Plaintext == nil {
		return nil, badRequest("plaintext is missing")
	}
	plaintext, err := decodeBase64(*in.Plaintext)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	if len(plaintext) > envelope.MaxPlaintext {
		return nil, badRequest("plaintext has %d bytes, at most %d can be sealed", len(plaintext), envelope.MaxPlaintext)
	}
	sealer, err := req.tenant.use(req.ctx)
	if err != nil {
		return nil, err
	}
	text, err := sealer.Encrypt(req.ctx, plaintext)
	if err != nil {
		return nil, err
	}
	return dataResponse{ciphertextData{text, sealer.KeyID().Version}}, nil
}

func (s *Server) decrypt(req *request) (any, error) {
	var in struct {
		Ciphertext *string `json:"ciphertext"`
	}
	if err := decodeBody(req.body, &in); err != nil {
		return nil, err
	}
	if in.Ciphertext == nil {
		return nil, badRequest("ciphertext is missing")
	}
	sealer, err := req.tenant.use(req.ctx)
	if err != nil {
		return nil, err
	}
	plaintext, err := sealer.Decrypt(req.ctx, *in.Ciphertext)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	return dataResponse{plaintextData{base64.StdEncoding.EncodeToString(plaintext)}}, nil
}

// renewSelf echoes the caller's token: Vault sends the returned one in later
// renewals and the configured one in all else. The body asks for an increment,
// which changes nothing.
func (s *Server) renewSelf(req *request) (any, error) {
	policies := []string{"hsmseal"}
	return authResponse{authData{
		ClientToken: req.caller.token, Policies: policies, TokenPolicies: policies,
		LeaseDuration: tokenLease, Renewable: true, TokenType: "service",
	}}, nil
}

// decodeBody is strict: a parameter that this seal does not have, such as a
// context, must not be taken for one it obeys.
func decodeBody(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return badRequest("request body is no JSON object with the one parameter of this call")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("request body has something after the JSON object")
	}
	return nil
}

func decodeBase64(text string) ([]byte, error) {
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, badRequest("plaintext is not standard base64")
	}
	return out, nil
}
