package pqtransit

import (
	"context"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// pathDerivedKeys is Vault Enterprise's. Its derivation is not published, so the keys are
// not the ones that Enterprise makes of the same inputs.
func (b *pqBackend) pathDerivedKeys() *framework.Path {
	return &framework.Path{
		Pattern: "derivedkeys/" + framework.GenericNameRegex("plaintext") + "/" + framework.GenericNameRegex("name"),
		Fields: dataKeyFields(map[string]*framework.FieldSchema{
			"salt":           {Type: framework.TypeString, Description: "Text that tells one series of keys from another; required."},
			"info":           {Type: framework.TypeString, Description: "Further such text; may be empty."},
			"key_index_from": {Type: framework.TypeInt, Description: "Index of the first key, from 0."},
			"key_index_to":   {Type: framework.TypeInt, Description: "Index behind that of the last key, at most 10000 later."},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeDerivedKeys, b.derivedKeys),
				Summary:  "Derive a series of keys and encrypt each.",
				// key_version, and each key under its index, so no fixed fields.
				Responses: ok(nil),
			},
		},
		HelpSynopsis: "Derive data keys.",
		HelpDescription: `Derives keys from the version's HMAC key, the salt, info and each index: the same request
gives the same keys. The answer has for each index an object with ciphertext and,
if asked for, plaintext.`,
	}
}

type derivedKeysRequest struct {
	dataKeyRequest
	derivation keyring.Derivation
}

func decodeDerivedKeys(f *backend.Fields) derivedKeysRequest {
	req := derivedKeysRequest{dataKeyRequest: decodeDataKey(f)}
	from, to := f.Int("key_index_from"), f.Int("key_index_to")
	switch {
	case f.String("salt") == "":
		f.Fail("missing salt")
	case !f.Has("key_index_from") || !f.Has("key_index_to"):
		f.Fail("missing key_index_from or key_index_to")
	case from < 0 || to <= from:
		f.Fail("key_index_from must not be negative, and key_index_to must be greater")
	case to-from > maxDataKeys:
		f.Fail("key_index_to must be at most %d greater than key_index_from", maxDataKeys)
	default:
		req.derivation = keyring.Derivation{Salt: f.String("salt"), Info: f.String("info"), From: uint64(from), To: uint64(to)}
	}
	return req
}

func (b *pqBackend) derivedKeys(ctx context.Context, r *logical.Request, req derivedKeysRequest) (*logical.Response, error) {
	first := req.derivation.From
	count := int(req.derivation.To - first)
	return b.withDataKey(ctx, r, req.dataKeyRequest, count, func(key *keyring.Key) (map[string]any, error) {
		keys, err := b.makeDataKeys(ctx, count, func(i int) (keyring.DataKey, error) {
			one := req.derivation
			one.From = first + uint64(i)
			one.To = one.From + 1
			derived, err := key.DerivedKeys(req.params, one, req.size)
			if err != nil {
				return keyring.DataKey{}, err
			}
			return derived[0], nil
		})
		if err != nil {
			return nil, err
		}
		answer := map[string]any{"key_version": keys[0].Version}
		for i, derived := range keys {
			answer[strconv.FormatUint(first+uint64(i), 10)] = req.pair(derived)
		}
		return answer, nil
	})
}
