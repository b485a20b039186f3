package suite_test

import (
	"bytes"
	stdhpke "crypto/hpke"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/cloudflare/circl/hpke"
	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const exportOnly = 0xffff

// hexBytes is a byte string in hexadecimal, as the vector files have them.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// hpkeVector is an entry of RFC 9180's and draft-ietf-hpke-pq's vector files.
type hpkeVector struct {
	Mode        int      `json:"mode"`
	KEM         uint16   `json:"kem_id"`
	KDF         uint16   `json:"kdf_id"`
	AEAD        uint16   `json:"aead_id"`
	Info        hexBytes `json:"info"`
	EphemeralIK hexBytes `json:"ikmE"`
	Private     hexBytes `json:"skRm"`
	PublicKey   hexBytes `json:"pkRm"`
	Enc         hexBytes `json:"enc"`
	Encryptions []struct {
		AAD        hexBytes `json:"aad"`
		Ciphertext hexBytes `json:"ct"`
		Plaintext  hexBytes `json:"pt"`
	} `json:"encryptions"`
	// Accumulated is a hash over 1000 ciphertexts, in the classic file only.
	Accumulated hexBytes `json:"encryptions_accumulated"`
}

func (v hpkeVector) String() string {
	return fmt.Sprintf("KEM 0x%04x, KDF 0x%04x, AEAD 0x%04x", v.KEM, v.KDF, v.AEAD)
}

// notApplicable are the vectors that cannot run, each with its reason.
var notApplicable = map[string]string{
	"KEM 0x0020, KDF 0x0012, AEAD 0x0003": "crypto/hpke has no TurboSHAKE128",
	"KEM 0x0021, KDF 0x0013, AEAD 0x0003": "crypto/hpke has no DHKEM(X448) and no TurboSHAKE256",
	"KEM 0x0040, KDF 0x0001, AEAD 0x0001": "crypto/hpke has no ML-KEM-512",
	"KEM 0x0042, KDF 0x0013, AEAD 0x0001": "crypto/hpke has no TurboSHAKE256",
	"KEM 0x0010, KDF 0x0001, AEAD 0xffff": "export only: there is no ciphertext",
	"KEM 0x0010, KDF 0x0003, AEAD 0xffff": "export only: there is no ciphertext",
	"KEM 0x0012, KDF 0x0001, AEAD 0xffff": "export only: there is no ciphertext",
	"KEM 0x0012, KDF 0x0003, AEAD 0xffff": "export only: there is no ciphertext",
	"KEM 0x0020, KDF 0x0001, AEAD 0xffff": "export only: there is no ciphertext",
	"KEM 0x0020, KDF 0x0003, AEAD 0xffff": "export only: there is no ciphertext",
}

// TestHPKEVectors opens the first ciphertext of every published vector with
// the suites' own open path: they are single shot, so later ones of the same
// context have no counterpart here.
func TestHPKEVectors(t *testing.T) {
	opened, skipped := map[uint16]int{}, map[string]string{}
	for _, file := range []string{"hpke/hpke-pq-test-vectors.json", "hpke/rfc9180-filippo.json"} {
		var vectors []hpkeVector
		readJSON(t, file, &vectors)
		for _, v := range vectors {
			if !runs(v) {
				skipped[v.String()] = notApplicable[v.String()]
				continue
			}
			t.Run(v.String(), func(t *testing.T) {
				openVector(t, v)
				opened[v.KEM]++
			})
		}
	}
	if diff := cmp.Diff(notApplicable, skipped); diff != "" {
		t.Errorf("vectors that did not run (-listed +skipped):\n%s", diff)
	}
	want := map[uint16]int{
		0x0010: 7, 0x0011: 1, 0x0012: 6, 0x0020: 6, // DHKEM P-256, P-384, P-521, X25519
		0x0041: 1, 0x0042: 1, // ML-KEM-768, ML-KEM-1024
		0x0050: 2, 0x0051: 1, 0x647a: 2, // MLKEM768-P256, MLKEM1024-P384, X-Wing
	}
	if diff := cmp.Diff(want, opened); diff != "" {
		t.Errorf("vectors opened per KEM (-want +got):\n%s", diff)
	}
}

// runs reports whether the library has the vector's ciphersuite and the
// vector a ciphertext.
func runs(v hpkeVector) bool {
	_, kemErr := stdhpke.NewKEM(v.KEM)
	_, kdfErr := stdhpke.NewKDF(v.KDF)
	_, aeadErr := stdhpke.NewAEAD(v.AEAD)
	return kemErr == nil && kdfErr == nil && aeadErr == nil && v.Mode == 0 && v.AEAD != exportOnly
}

func openVector(t *testing.T, v hpkeVector) {
	aad, plaintext, ciphertext := firstEncryption(t, v)
	kem, kemErr := stdhpke.NewKEM(v.KEM)
	kdf, kdfErr := stdhpke.NewKDF(v.KDF)
	aead, aeadErr := stdhpke.NewAEAD(v.AEAD)
	private, err := kem.NewPrivateKey(v.Private)
	if kemErr != nil || kdfErr != nil || aeadErr != nil || err != nil {
		t.Fatal(kemErr, kdfErr, aeadErr, err)
	}
	if !bytes.Equal(private.PublicKey().Bytes(), v.PublicKey) {
		t.Error("another public key than the vector's")
	}

	sealed := append(bytes.Clone(v.Enc), ciphertext...)
	params := suite.Params{Context: v.Info, AssociatedData: aad}
	open := func() ([]byte, error) { return suite.OpenHPKE(private, len(v.Enc), kdf, aead, params, sealed) }
	got, err := open()
	if err != nil || !bytes.Equal(got, plaintext) {
		t.Fatalf("opened %x, %v; want %x", got, err, plaintext)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := open(); err == nil {
		t.Error("opened a ciphertext with a flipped bit")
	}
	sealed[len(sealed)-1] ^= 1
	params.Context = append(bytes.Clone(v.Info), 0)
	if _, err := open(); err == nil {
		t.Error("opened under another info")
	}
}

// firstEncryption is the vector's own, or one that circl makes from the
// vector's ephemeral key, once all of the thousand that the vector hashes are
// seen to be right.
func firstEncryption(t *testing.T, v hpkeVector) (aad, plaintext, ciphertext []byte) {
	if len(v.Encryptions) > 0 {
		first := v.Encryptions[0]
		return first.AAD, first.Plaintext, first.Ciphertext
	}
	sealer := circlSealer(t, v)
	source, hash := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	for i := range 1000 {
		a, p := drawInput(t, source), drawInput(t, source)
		c, err := sealer.Seal(p, a)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			aad, plaintext, ciphertext = a, p, c
		}
		_, _ = hash.Write(c)
	}
	sum := make([]byte, len(v.Accumulated))
	_, _ = hash.Read(sum)
	if !bytes.Equal(sum, v.Accumulated) {
		t.Fatal("the ciphertexts are not the vector's")
	}
	return aad, plaintext, ciphertext
}

func circlSealer(t *testing.T, v hpkeVector) hpke.Sealer {
	kem := hpke.KEM(v.KEM)
	public, err := kem.Scheme().UnmarshalBinaryPublicKey(v.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := hpke.NewSuite(kem, hpke.KDF(v.KDF), hpke.AEAD(v.AEAD)).NewSender(public, v.Info)
	if err != nil {
		t.Fatal(err)
	}
	enc, sealer, err := sender.Setup(bytes.NewReader(v.EphemeralIK))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(enc, v.Enc) {
		t.Fatal("another encapsulated key than the vector's")
	}
	return sealer
}

// drawInput reads a length of one byte and as many bytes, as the vector file's
// makers did.
func drawInput(t *testing.T, source io.Reader) []byte {
	length := make([]byte, 1)
	if _, err := io.ReadFull(source, length); err != nil {
		t.Fatal(err)
	}
	input := make([]byte, length[0])
	if _, err := io.ReadFull(source, input); err != nil {
		t.Fatal(err)
	}
	return input
}
