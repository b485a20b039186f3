package client

import (
	"context"
	"fmt"
)

// MaxBatch is the most items that Vault's listener takes in one list, unless it is
// configured otherwise.
const MaxBatch = 10_000

// Rewrapping is one ciphertext to encrypt anew, and what belongs to it, all as the API names
// and encodes it.
type Rewrapping struct {
	Ciphertext           string `json:"ciphertext"`
	Context              string `json:"context,omitempty"`
	Nonce                string `json:"nonce,omitempty"`
	AssociatedData       string `json:"associated_data,omitempty"`
	DecryptPaddingScheme string `json:"decrypt_padding_scheme,omitempty"`
	EncryptPaddingScheme string `json:"encrypt_padding_scheme,omitempty"`
	// KeyVersion is 0 for the latest.
	KeyVersion int `json:"key_version,omitempty"`
}

// Rewrapped is what became of one. Error is empty where it succeeded.
type Rewrapped struct {
	Ciphertext string `json:"ciphertext"`
	KeyVersion int    `json:"key_version"`
	Error      string `json:"error"`
}

// Rewrap encrypts up to [MaxBatch] ciphertexts anew, in one request, and answers in their
// order. Either all items have a context or none.
func (m *Mount) Rewrap(ctx context.Context, key string, items []Rewrapping) ([]Rewrapped, error) {
	answer, err := write[struct {
		Results []Rewrapped `json:"batch_results"`
	}](ctx, m, "rewrap/"+key, map[string]any{"batch_input": items})
	switch {
	case err != nil:
		return nil, err
	case answer == nil || len(answer.Results) != len(items):
		return nil, fmt.Errorf("%s/rewrap/%s does not answer with a result for each item", m.path, key)
	}
	return answer.Results, nil
}
