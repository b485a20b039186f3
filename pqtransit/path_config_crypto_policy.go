package pqtransit

import (
	"context"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
)

func (b *pqBackend) pathCryptoPolicy() *framework.Path {
	return &framework.Path{
		Pattern: "config/crypto-policy",
		Fields:  cryptoPolicyFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeCryptoPolicy, b.setCryptoPolicy),
				Summary:   "Set which algorithms keys of this mount may have.",
				Responses: ok(cryptoPolicyResponse()),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeNothing, b.readCryptoPolicy),
				Summary:   "Read which algorithms keys of this mount may have.",
				Responses: ok(cryptoPolicyResponse()),
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeNothing, b.deleteCryptoPolicy),
				Summary:   "Let keys have any algorithm again.",
				Responses: map[int][]framework.Response{http.StatusNoContent: {{Description: "There is no policy."}}},
			},
		},
		HelpSynopsis: "Which algorithms keys of this mount may have.",
		HelpDescription: `Every write replaces the whole policy; what it leaves out, it does not ask for. New keys,
and new versions of another type, must always comply. Nothing that a key made
before ever becomes unreadable.`,
	}
}

func cryptoPolicyFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"allowed_types": {
			Type:        framework.TypeCommaStringSlice,
			Description: "Types that keys may have, all of them if empty. A type with parameter sets, such as ml-dsa, stands for all its sets.",
		},
		"forbidden_types": {
			Type:        framework.TypeCommaStringSlice,
			Description: "Types that keys may not have, named in the same way.",
		},
		"minimum_security_category": {
			Type:        framework.TypeInt,
			Description: "Lowest NIST security category, 1 to 5, that a type must meet; 0 for none.",
		},
		"quantum_safe_required": {
			Type:        framework.TypeBool,
			Description: "Refuse types that a quantum computer breaks.",
		},
		"existing_keys": {
			Type:    framework.TypeString,
			Default: string(cryptopolicy.Report),
			Description: `What becomes of keys that violate the policy: report shows them in posture,
refuse-new-encryption lets them only decrypt, verify and decapsulate,
auto-rotate gives them a version of their successor.`,
		},
		"successors": {
			Type:        framework.TypeKVPairs,
			Description: "For auto-rotate: the type that follows a type, such as rsa-2048=x25519-mlkem768.",
		},
		"narrow_purpose": {
			Type:        framework.TypeBool,
			Description: "For auto-rotate: also rotate RSA keys whose successor only encrypts or only signs.",
		},
	}
}

func cryptoPolicyResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"allowed_types":             required(framework.TypeStringSlice, "Types that keys may have, all of them if empty"),
		"forbidden_types":           required(framework.TypeStringSlice, "Types that keys may not have"),
		"minimum_security_category": required(framework.TypeInt, "Lowest NIST security category, 0 for none"),
		"quantum_safe_required":     required(framework.TypeBool, "Whether types that a quantum computer breaks are refused"),
		"existing_keys":             required(framework.TypeString, "What becomes of keys that violate the policy"),
		"successors":                required(framework.TypeMap, "The type that follows a type"),
		"narrow_purpose":            required(framework.TypeBool, "Whether a rotation by the policy may take a purpose from a key"),
	}
}

func decodeCryptoPolicy(f *backend.Fields) cryptopolicy.Policy {
	if unknown := f.Unknown(); len(unknown) > 0 {
		f.Fail("unknown parameters: %s", strings.Join(unknown, ", "))
	}
	policy, err := cryptopolicy.New(cryptopolicy.Policy{
		Allowed:         f.Strings("allowed_types"),
		Forbidden:       f.Strings("forbidden_types"),
		MinimumCategory: f.Int("minimum_security_category"),
		QuantumSafe:     f.Bool("quantum_safe_required"),
		Existing:        cryptopolicy.Existing(f.String("existing_keys")),
		Successors:      f.Pairs("successors"),
		NarrowPurpose:   f.Bool("narrow_purpose"),
	})
	if err != nil {
		f.Fail("%v", err)
	}
	return policy
}

func (b *pqBackend) setCryptoPolicy(ctx context.Context, r *logical.Request, policy cryptopolicy.Policy) (*logical.Response, error) {
	if err := b.keys.SetCryptoPolicy(ctx, r.Storage, policy); err != nil {
		return nil, err
	}
	b.Logger().Info("set the crypto policy")
	return cryptoPolicyAnswer(policy), nil
}

func (b *pqBackend) readCryptoPolicy(ctx context.Context, r *logical.Request, _ nothing) (*logical.Response, error) {
	rules, err := b.keys.CryptoPolicy(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	return cryptoPolicyAnswer(rules.Policy()), nil
}

func (b *pqBackend) deleteCryptoPolicy(ctx context.Context, r *logical.Request, _ nothing) (*logical.Response, error) {
	if err := b.keys.DeleteCryptoPolicy(ctx, r.Storage); err != nil {
		return nil, err
	}
	b.Logger().Info("deleted the crypto policy")
	return nil, nil
}

func cryptoPolicyAnswer(policy cryptopolicy.Policy) *logical.Response {
	successors := map[string]any{}
	for from, to := range policy.Successors {
		successors[from] = to
	}
	existing := policy.Existing
	if existing == "" {
		existing = cryptopolicy.Report
	}
	return &logical.Response{Data: map[string]any{
		"allowed_types":             append([]string{}, policy.Allowed...),
		"forbidden_types":           append([]string{}, policy.Forbidden...),
		"minimum_security_category": policy.MinimumCategory,
		"quantum_safe_required":     policy.QuantumSafe,
		"existing_keys":             string(existing),
		"successors":                successors,
		"narrow_purpose":            policy.NarrowPurpose,
	}}
}
