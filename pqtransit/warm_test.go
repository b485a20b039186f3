package pqtransit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
)

// mortalView is Vault as the engine sees it until it is taken away: each call then panics.
type mortalView struct{ logical.SystemView }

// replicating is what Vault Community says of itself.
type replicating struct{ logical.StaticSystemView }

func (replicating) ReplicationState() consts.ReplicationState {
	return consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled
}

// In a plugin each question to storage or to Vault is a call as dear as the request.
func TestAWarmOperationAsksNobody(t *testing.T) {
	view := &mortalView{SystemView: replicating{}}
	m := backendtest.New(t, func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		config.System = view
		return pqtransit.Factory(ctx, config)
	})
	for name, parameters := range map[string]object{
		"aes":    {"type": "aes256-gcm96"},
		"rsa":    {"type": "rsa-2048"},
		"ec":     {"type": "ecdsa-p256"},
		"ed":     {"type": "ed25519"},
		"hybrid": {"type": "x25519-mlkem768"},
		"kem":    {"type": "ml-kem-768", "purpose": "key-encapsulation"},
		"dsa":    {"type": "ml-dsa-65"},
		"mac":    {"type": "hmac"},
		"derive": {"type": "aes256-gcm96", "derived": true},
	} {
		m.MustWrite("keys/"+name, parameters)
	}
	plaintext, input := object{"plaintext": b64("x"), "context": b64("c")}, object{"input": b64("x")}
	sealed := func(key string) object {
		return object{"ciphertext": m.MustWrite("encrypt/"+key, plaintext).Data["ciphertext"], "context": b64("c")}
	}
	proven := func(operation, field, key string) object {
		return object{"input": b64("x"), field: m.MustWrite(operation+"/"+key, input).Data[field]}
	}
	encapsulated := m.MustWrite("encapsulate/kem", nil).Data
	requests := []struct {
		path string
		data object
	}{
		{"encrypt/aes", plaintext},
		{"encrypt/rsa", plaintext},
		{"encrypt/hybrid", plaintext},
		{"encrypt/derive", plaintext},
		{"encrypt/aes", object{"batch_input": []any{plaintext, plaintext}}},
		{"decrypt/aes", sealed("aes")},
		{"decrypt/rsa", sealed("rsa")},
		{"decrypt/hybrid", sealed("hybrid")},
		{"decrypt/derive", sealed("derive")},
		{"rewrap/aes", sealed("aes")},
		{"datakey/plaintext/aes", nil},
		{"datakeys/wrapped/aes", object{"count": 3}},
		{"derivedkeys/plaintext/aes", object{"salt": "s", "key_index_from": 0, "key_index_to": 3}},
		{"sign/rsa", input},
		{"sign/ec", input},
		{"sign/ed", input},
		{"sign/dsa", input},
		{"verify/rsa", proven("sign", "signature", "rsa")},
		{"verify/ec", proven("sign", "signature", "ec")},
		{"verify/dsa", proven("sign", "signature", "dsa")},
		{"hmac/aes", input},
		{"hmac/mac", input},
		{"verify/mac", proven("hmac", "hmac", "mac")},
		{"encapsulate/kem", nil},
		{"decapsulate/kem", object{"ciphertext": encapsulated["ciphertext"], "confirmation": encapsulated["confirmation"]}},
		{"random/32", nil},
		{"hash/sha2-256", input},
	}
	for _, request := range requests { // once, to be warm
		m.MustWrite(request.path, request.data)
	}
	view.SystemView = nil
	for _, request := range requests {
		before := m.Storage.Counts()
		m.MustWrite(request.path, request.data)
		if after := m.Storage.Counts(); after != before {
			t.Errorf("%s: storage was asked: %+v, before %+v", request.path, after, before)
		}
	}
	if text := m.Logs.String(); strings.Contains(text, "panic") {
		t.Errorf("Vault was asked:\n%s", text)
	}
}
