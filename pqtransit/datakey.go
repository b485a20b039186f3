package pqtransit

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// maxDataKeys bounds one request as Vault bounds a list.
const maxDataKeys = 10000

// dataKeyRequest is what the three paths that make data keys share.
type dataKeyRequest struct {
	name      string
	params    keyring.Parameters
	size      int  // bytes
	plaintext bool // whether the caller also gets the keys in clear
}

// dataKeyFields are the parameters of dataKeyRequest, and more.
func dataKeyFields(more map[string]*framework.FieldSchema) map[string]*framework.FieldSchema {
	fields := map[string]*framework.FieldSchema{
		"name":      nameField(),
		"plaintext": {Type: framework.TypeString, Description: "In the path: plaintext to get each key in clear as well, wrapped for the ciphertext alone."},
		"context":   contextField(),
		"bits":      {Type: framework.TypeInt, Default: 256, Description: "Size of each key: 128, 256 or 512 bits."},
		"key_version": {
			Type:        framework.TypeInt,
			Description: "Version to encrypt with, not older than the key's min_encryption_version; 0 for the latest.",
		},
	}
	maps.Copy(fields, more)
	return fields
}

func decodeDataKey(f *backend.Fields) dataKeyRequest {
	req := dataKeyRequest{
		name:   f.String("name"),
		params: keyring.Parameters{Version: f.Int("key_version"), Context: f.Base64("context")},
		size:   f.Int("bits") / 8,
	}
	if !slices.Contains([]int{128, 256, 512}, f.Int("bits")) {
		f.Fail("invalid bit length")
	}
	switch f.String("plaintext") {
	case "plaintext":
		req.plaintext = true
	case "wrapped":
	default:
		f.Fail("Invalid path, must be 'plaintext' or 'wrapped'")
	}
	return req
}

// pair shows one key.
func (r dataKeyRequest) pair(key keyring.DataKey) map[string]any {
	answer := map[string]any{"ciphertext": key.Ciphertext}
	if r.plaintext {
		answer["plaintext"] = base64.StdEncoding.EncodeToString(key.Plaintext.Bytes())
	}
	return answer
}

// dataKeyRefusal says a parameter's fault in the words that transit has here.
func dataKeyRefusal(err error) error {
	var refusal *keyring.Refusal
	if errors.As(err, &refusal) && refusal.Field != "" {
		return backend.Invalid("%s argument %v", refusal.Field, refusal)
	}
	return asAnswer(err)
}

// makeDataKeys makes count keys, 1 or more, or none.
func (b *pqBackend) makeDataKeys(ctx context.Context, count int, makeOne func(index int) (keyring.DataKey, error)) ([]keyring.DataKey, error) {
	made, faults := make([]keyring.DataKey, count), make([]error, count)
	err := b.workers.Each(ctx, count, func(i int) { made[i], faults[i] = makeOne(i) })
	if err != nil {
		return nil, err
	}
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	return made, nil
}

// withDataKey finds the key, lets answer use it to wrap so many keys and shows what it refuses.
func (b *pqBackend) withDataKey(ctx context.Context, r *logical.Request, req dataKeyRequest, count int, answer func(*keyring.Key) (map[string]any, error)) (*logical.Response, error) {
	var work keyring.Work
	for range count {
		work.Add(req.params.Version, req.size)
	}
	key, err := b.keyToWork(ctx, r, req.name, work)
	if err != nil {
		return nil, asAnswer(err)
	}
	data, err := answer(key)
	if err != nil {
		return nil, dataKeyRefusal(err)
	}
	return &logical.Response{Data: data}, nil
}
