package clients_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/signature/compositemldsa"
	"github.com/tink-crypto/tink-go/v2/signature/ecdsa"
	"github.com/tink-crypto/tink-go/v2/signature/ed25519"
	"github.com/tink-crypto/tink-go/v2/signature/mldsa"
)

// tinkSets are Tink's names of ML-DSA's sets, and the sizes of their public keys.
var tinkSets = map[string]struct {
	own       mldsa.Instance
	composite compositemldsa.MLDSAInstance
	public    int
}{
	"44": {mldsa.MLDSA44, compositemldsa.MLDSA44, 1312},
	"65": {mldsa.MLDSA65, compositemldsa.MLDSA65, 1952},
	"87": {mldsa.MLDSA87, compositemldsa.MLDSA87, 2592},
}

var tinkCurves = map[string]struct {
	curve     ecdsa.CurveType
	hash      ecdsa.HashType
	composite compositemldsa.ClassicalAlgorithm
}{
	"ecdsa-p256": {ecdsa.NistP256, ecdsa.SHA256, compositemldsa.ECDSAP256},
	"ecdsa-p384": {ecdsa.NistP384, ecdsa.SHA384, compositemldsa.ECDSAP384},
	"ecdsa-p521": {ecdsa.NistP521, ecdsa.SHA512, compositemldsa.ECDSAP521},
}

// Tink, which has the same composite signatures, makes its keys from what the engine exports,
// verifies what the engine signs, and signs what the engine verifies.
func TestTink(t *testing.T) {
	client := vault(t)
	for _, pair := range []string{
		"44 ed25519", "44 ecdsa-p256", "65 ed25519", "65 ecdsa-p256", "65 ecdsa-p384", "87 ecdsa-p384", "87 ecdsa-p521",
	} {
		t.Run(strings.ReplaceAll(pair, " ", "-"), func(t *testing.T) {
			set, classical, _ := strings.Cut(pair, " ")
			name := uniqueName(t)
			write(t, client, mount+"/keys/"+name, object{
				"type": "hybrid", "parameter_set": set, "hybrid_key_type_pqc": "ml-dsa", "hybrid_key_type_ec": classical, "exportable": true,
			})
			answer := func(path string, body object) object {
				t.Helper()
				secret, err := client.Logical().WriteWithContext(t.Context(), mount+"/"+path, body)
				if err != nil {
					t.Fatal(err)
				}
				return secret.Data
			}
			exported, err := client.Logical().ReadWithContext(t.Context(), mount+"/export/signing-key/"+name)
			if err != nil {
				t.Fatal(err)
			}
			public, err := client.Logical().ReadWithContext(t.Context(), mount+"/export/public-key/"+name)
			if err != nil {
				t.Fatal(err)
			}
			handle := tinkHandle(t, set, classical, latest(t, exported.Data), latest(t, public.Data))

			input := []byte("what was built")
			signed := fmt.Sprint(answer("sign/"+name, object{"input": base64.StdEncoding.EncodeToString(input)})["signature"])
			verifier := must(t)(handle.Public()).verifier()
			if err := verifier(unbase64(t, strings.TrimPrefix(signed, "vault:v1:")), input); err != nil {
				t.Errorf("Tink: %v", err)
			}
			signer, err := signature.NewSigner(handle)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := signer.Sign(input)
			if err != nil {
				t.Fatal(err)
			}
			got := answer("verify/"+name, object{
				"input": base64.StdEncoding.EncodeToString(input), "signature": "vault:v1:" + base64.StdEncoding.EncodeToString(theirs),
			})
			if got["valid"] != true {
				t.Errorf("Tink's signature: %v", got)
			}
		})
	}
}
