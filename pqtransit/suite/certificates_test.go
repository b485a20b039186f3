package suite_test

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestPublishedCertificates verifies the certificates of RFC 9881's and RFC 9935's appendices:
// signatures that other implementations made, over keys that others encoded.
func TestPublishedCertificates(t *testing.T) {
	const dsa, kem = "rfc-keys/ml-dsa/ML-DSA-", "rfc-keys/ml-kem/ML-KEM-"
	for _, test := range []struct{ signer, certificate, public string }{
		{"44", dsa + "44.crt", dsa + "44.pub"},
		{"65", dsa + "65.crt", dsa + "65.pub"},
		{"87", dsa + "87.crt", dsa + "87.pub"},
		{"44", kem + "512.crt", kem + "512.pub"},
		{"65", kem + "768.crt", kem + "768.pub"},
		{"87", kem + "1024.crt", kem + "1024.pub"},
	} {
		t.Run(test.certificate, func(t *testing.T) {
			var certificate struct {
				Signed    asn1.RawValue
				Algorithm asn1.RawValue
				Signature asn1.BitString
			}
			rest, err := asn1.Unmarshal(readPEM(t, test.certificate), &certificate)
			if err != nil || len(rest) > 0 {
				t.Fatal(err, len(rest))
			}
			if !bytes.Contains(certificate.Signed.FullBytes, readPEM(t, test.public)) {
				t.Error("the certificate is of another key")
			}
			key, err := find(t, "ml-dsa-"+test.signer).Encodings.ParsePKIX(readPEM(t, dsa+test.signer+".pub"))
			if err != nil {
				t.Fatal(err)
			}
			mustVerify(t, key, suite.SignParams{}, certificate.Signed.FullBytes, certificate.Signature.Bytes)
			certificate.Signed.FullBytes[len(certificate.Signed.FullBytes)-1] ^= 1
			mustNotVerify(t, key, suite.SignParams{}, certificate.Signed.FullBytes, certificate.Signature.Bytes)
		})
	}
}
