package clients_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
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
			handle := tinkHandle(t, set, classical, exported(t, client, "signing-key", name), exported(t, client, "public-key", name))
			input := base64.StdEncoding.EncodeToString([]byte(message))

			signed, err := client.Logical().WriteWithContext(t.Context(), mount+"/sign/"+name, object{"input": input})
			if err != nil {
				t.Fatal(err)
			}
			tinkVerifies(t, handle, decode(t, strings.TrimPrefix(fmt.Sprint(signed.Data["signature"]), "vault:v1:")))
			verified, err := client.Logical().WriteWithContext(t.Context(), mount+"/verify/"+name, object{
				"input": input, "signature": "vault:v1:" + base64.StdEncoding.EncodeToString(tinkSigns(t, handle)),
			})
			if err != nil || verified.Data["valid"] != true {
				t.Errorf("Tink's signature: %v, %v", verified, err)
			}
		})
	}
}

const message = "what was built"

// exported is the first version's key, in the standard's raw form.
func exported(t *testing.T, client *api.Client, kind, name string) []byte {
	t.Helper()
	secret, err := client.Logical().ReadWithContext(t.Context(), mount+"/export/"+kind+"/"+name)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := secret.Data["keys"].(object)
	return decode(t, fmt.Sprint(keys["1"]))
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%v: %.60s", err, text)
	}
	return raw
}

func tinkVerifies(t *testing.T, handle *keyset.Handle, signed []byte) {
	t.Helper()
	public, err := handle.Public()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(signed, []byte(message)); err != nil {
		t.Errorf("Tink: %v", err)
	}
	signed[len(signed)/2] ^= 1
	if verifier.Verify(signed, []byte(message)) == nil {
		t.Error("Tink verifies a changed signature")
	}
}

func tinkSigns(t *testing.T, handle *keyset.Handle) []byte {
	t.Helper()
	signer, err := signature.NewSigner(handle)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// tinkHandle makes Tink's key of the draft's: the seed of ML-DSA, then the classical key.
func tinkHandle(t *testing.T, set, classical string, private, public []byte) *keyset.Handle {
	t.Helper()
	const seed = 32
	parameters, err := mldsa.NewParameters(tinkSets[set].own, mldsa.VariantNoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	postQuantum, err := mldsa.NewPrivateKey(hidden(private[:seed]), 0, parameters)
	if err != nil {
		t.Fatal(err)
	}
	other, algorithm, otherPublic := tinkClassical(t, classical, private[seed:])
	composite, err := compositemldsa.NewParameters(algorithm, tinkSets[set].composite, compositemldsa.VariantNoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := compositemldsa.NewPrivateKey(postQuantum, other, 0, composite)
	if err != nil {
		t.Fatal(err)
	}
	half, err := postQuantum.PublicKey()
	if err != nil || !bytes.Equal(append(half.(*mldsa.PublicKey).KeyBytes(), otherPublic...), public) {
		t.Errorf("Tink makes another public key (%v)", err)
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	handle, err := manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

func hidden(raw []byte) secretdata.Bytes {
	return secretdata.NewBytesFromData(raw, insecuresecretdataaccess.Token{})
}

// tinkClassical makes the classical half, of a raw Ed25519 seed or RFC 5915's ECPrivateKey.
func tinkClassical(t *testing.T, name string, private []byte) (key.Key, compositemldsa.ClassicalAlgorithm, []byte) {
	t.Helper()
	if name == "ed25519" {
		parameters, err := ed25519.NewParameters(ed25519.VariantNoPrefix)
		if err != nil {
			t.Fatal(err)
		}
		made, err := ed25519.NewPrivateKey(hidden(private), 0, parameters)
		if err != nil {
			t.Fatal(err)
		}
		public, err := made.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return made, compositemldsa.Ed25519, public.(*ed25519.PublicKey).KeyBytes()
	}
	curve := tinkCurves[name]
	parsed, err := x509.ParseECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := parsed.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := ecdsa.NewParameters(curve.curve, curve.hash, ecdsa.DER, ecdsa.VariantNoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	made, err := ecdsa.NewPrivateKey(hidden(scalar), 0, parameters)
	if err != nil {
		t.Fatal(err)
	}
	public, err := made.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return made, curve.composite, public.(*ecdsa.PublicKey).PublicPoint()
}
