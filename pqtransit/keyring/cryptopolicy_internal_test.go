package keyring

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
)

// during calls a function while the policy's entry is read.
type during struct {
	logical.Storage
	call func()
}

func (d *during) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if key == policyEntry {
		d.call()
	}
	return d.Storage.Get(ctx, key)
}

// Nobody goes on before the policy is known, and what changes while it is read is read again.
func TestPolicyIsKnownOnceItWasRead(t *testing.T) {
	keys, reads := testKeyring(), 0
	storage := &during{Storage: backendtest.NewStorage()}
	storage.call = func() {
		if reads++; keys.rules.fresh() {
			t.Error("known before it was read")
		}
		if reads == 1 {
			keys.Invalidate(policyEntry)
		}
	}
	for want := range 3 {
		if _, err := keys.CryptoPolicy(t.Context(), storage); err != nil {
			t.Fatal(err)
		}
		if want = min(want+1, 2); reads != want {
			t.Errorf("read %d times, want %d", reads, want)
		}
	}
	policy, err := cryptopolicy.New(cryptopolicy.Policy{QuantumSafe: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.SetCryptoPolicy(t.Context(), storage, policy); err != nil {
		t.Fatal(err)
	}
	if rules, err := keys.CryptoPolicy(t.Context(), storage); err != nil || !rules.Policy().QuantumSafe || reads != 2 {
		t.Errorf("%v, %v after %d reads", rules, err, reads)
	}
}
