package e2e_test

import (
	"bytes"
	"strings"
	"testing"

	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
	"github.com/hashicorp/go-kms-wrapping/wrappers/transit/v2"
	"github.com/hashicorp/vault/api"
)

// sealPolicy is all that a seal needs of a transit mount.
const sealPolicy = `
path "pqtransit/encrypt/*" { capabilities = ["update"] }
path "pqtransit/decrypt/*" { capabilities = ["update"] }
`

// sealToken is a token as Vault's documentation makes one for a seal: periodic, and no more
// than the two operations.
func sealToken(t *testing.T) string {
	t.Helper()
	client, policy := root(t), uniqueName(t)
	if err := client.Sys().PutPolicyWithContext(t.Context(), policy, sealPolicy); err != nil {
		t.Fatal(err)
	}
	made, err := client.Auth().Token().CreateOrphanWithContext(t.Context(), &api.TokenCreateRequest{
		Policies: []string{policy}, Period: "24h", NoDefaultPolicy: false,
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Auth.ClientToken
}

// TestKMSWrapper drives the engine with go-kms-wrapping's transit wrapper, which Vault, Boundary
// and Consul link, through a rotation and a change of algorithm.
func TestKMSWrapper(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "aes256-gcm96")
	wrapper := transit.NewWrapper()
	_, err := wrapper.SetConfig(t.Context(), wrapping.WithConfigMap(map[string]string{
		"address": dev.Address(), "token": sealToken(t), "mount_path": "pqtransit/", "key_name": name, "tls_ca_cert": dev.CAFile(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := wrapper.Finalize(t.Context()); err != nil {
			t.Error(err)
		}
	})
	var blobs []*wrapping.BlobInfo
	seal := func(wantKey string) {
		t.Helper()
		blob, err := wrapper.Encrypt(t.Context(), []byte(strings.Repeat("k", 32)))
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, blob)
		if id, err := wrapper.KeyId(t.Context()); err != nil || id != wantKey || blob.KeyInfo.KeyId != wantKey {
			t.Errorf("key ids %q and %q, want %q (%v)", id, blob.KeyInfo.KeyId, wantKey, err)
		}
	}
	seal("v1")
	write(t, client, "pqtransit/keys/"+name+"/rotate", nil)
	seal("v2")
	write(t, client, "pqtransit/keys/"+name+"/rotate", object{"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true})
	seal("v3")
	for i, blob := range blobs {
		if opened, err := wrapper.Decrypt(t.Context(), blob); err != nil || !bytes.Equal(opened, []byte(strings.Repeat("k", 32))) {
			t.Errorf("blob %d opens to %d bytes, %v", i, len(opened), err)
		}
	}
	blobs[2].Ciphertext[len(blobs[2].Ciphertext)/2] ^= 1
	if _, err := wrapper.Decrypt(t.Context(), blobs[2]); err == nil {
		t.Error("a changed blob opens")
	}
}
