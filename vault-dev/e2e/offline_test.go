package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/hpke"
)

// Anyone with the public key can encrypt with any HPKE library: here circl's, with the key
// and the identifiers that keys/:name shows.
func TestCiphertextMadeOutsideVault(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "x25519-mlkem768")
	versions, _ := read(t, client, "pqtransit/keys/"+name)["keys"].(object)
	version, _ := versions["1"].(object)
	want := [3]any{"0x647a", "0x0001", "0x0002"} // X-Wing, HKDF-SHA256, AES-256-GCM: the IANA HPKE registries
	if got := [3]any{version["hpke_kem"], version["hpke_kdf"], version["hpke_aead"]}; got != want {
		t.Fatalf("published identifiers are %v, want %v", got, want)
	}
	raw, err := base64.StdEncoding.DecodeString(fmt.Sprint(version["public_key"]))
	if err != nil {
		t.Fatal(err)
	}
	public, err := hpke.KEM_XWING.Scheme().UnmarshalBinaryPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		info []byte
		aad  []byte
	}{
		{"plain", nil, nil},
		{"with context and associated data", []byte("tenant 7"), []byte("row 12")},
	} {
		t.Run(test.name, func(t *testing.T) {
			sender, err := hpke.NewSuite(hpke.KEM_XWING, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES256GCM).NewSender(public, test.info)
			if err != nil {
				t.Fatal(err)
			}
			enc, sealer, err := sender.Setup(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := sealer.Seal([]byte("made outside"), test.aad)
			if err != nil {
				t.Fatal(err)
			}
			opened := write(t, client, "pqtransit/decrypt/"+name, object{
				"ciphertext":      "vault:v1:" + base64.StdEncoding.EncodeToString(append(enc, sealed...)),
				"context":         base64.StdEncoding.EncodeToString(test.info),
				"associated_data": base64.StdEncoding.EncodeToString(test.aad),
			})
			if opened["plaintext"] != b64("made outside") {
				t.Errorf("got %v", opened["plaintext"])
			}
		})
	}
}
