package clients_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/hashivault"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// hashes are what the signer is made with: Ed25519 signs whole messages.
func hashes(algorithm string) []crypto.Hash {
	if algorithm == hashivault.AlgorithmED25519 {
		return []crypto.Hash{0}
	}
	return []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}
}

// Each algorithm that sigstore's signer has creates a key, signs, and verifies both in the
// engine and with the public key that it read there. Where its own verification asks for less
// than its signature needs (it signs PKCS #1 and never says so when it verifies), the outcome
// is the built-in engine's.
func TestHashivault(t *testing.T) {
	client := vault(t)
	builtin := uniqueName(t)
	if err := client.Sys().MountWithContext(t.Context(), builtin, &api.MountInput{Type: "transit"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().Unmount(builtin); err != nil {
			t.Error(err)
		}
	})
	algorithms := (&hashivault.SignerVerifier{}).SupportedAlgorithms()
	if len(algorithms) < 7 {
		t.Fatalf("only %d algorithms: %v", len(algorithms), algorithms)
	}
	for _, algorithm := range algorithms {
		for _, hash := range hashes(algorithm) {
			t.Run(fmt.Sprintf("%s/%d", algorithm, hash), func(t *testing.T) {
				t.Parallel()
				ours, theirs := signAndVerify(t, client, mount, algorithm, hash), signAndVerify(t, client, builtin, algorithm, hash)
				if ours != theirs {
					t.Errorf("verification says %q, the built-in engine %q", ours, theirs)
				}
			})
		}
	}
}

// signAndVerify answers what the engine's own verification said, "" for a valid signature.
func signAndVerify(t *testing.T, client *api.Client, engine, algorithm string, hash crypto.Hash) string {
	t.Helper()
	name := uniqueName(t)
	auth := options.WithRPCAuthOpts(options.RPCAuth{Address: client.Address(), Token: client.Token(), Path: engine})
	signer, err := hashivault.LoadSignerVerifier(hashivault.ReferenceScheme+name, hash, auth)
	if err != nil {
		t.Fatal(err)
	}
	made, err := signer.CreateKey(t.Context(), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("what was built")
	signed, err := signer.SignMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	public, err := signer.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !key.Equal(made) {
		t.Errorf("made %T, reads %T", made, public)
	}
	verifiesOutside(t, public, hash, signed, message)
	verdict := signer.VerifySignature(bytes.NewReader(signed), bytes.NewReader(message))
	signed[len(signed)-1] ^= 1
	if signer.VerifySignature(bytes.NewReader(signed), bytes.NewReader(message)) == nil {
		t.Error("a changed signature is valid")
	}
	if verdict != nil {
		return verdict.Error()
	}
	return ""
}

func verifiesOutside(t *testing.T, public crypto.PublicKey, hash crypto.Hash, signed, message []byte) {
	t.Helper()
	if key, ok := public.(ed25519.PublicKey); ok && !ed25519.Verify(key, message, signed) {
		t.Error("the signature is not valid outside")
		return
	} else if ok {
		return
	}
	verifier, err := signature.LoadVerifier(public, hash)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifySignature(bytes.NewReader(signed), bytes.NewReader(message)); err != nil {
		t.Errorf("the signature is not valid outside: %v", err)
	}
}
