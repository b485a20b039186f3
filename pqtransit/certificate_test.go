package pqtransit_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/certtest"
)

func TestCertificateOfAKey(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ecdsa-p256"})
	m.MustWrite("keys/k/rotate", nil)
	m.MustWrite("keys/other", object{"type": "ed25519"})
	template := m.MustWrite("keys/other/csr", nil).Data["csr"]
	for _, data := range []object{nil, {"csr": ""}, {"version": 2}, {"version": 0, "csr": template}} {
		got := m.MustWrite("keys/k/csr", data).Data
		text, _ := got["csr"].(string)
		if diff := cmp.Diff(object{"name": "k", "type": "ecdsa-p256", "csr": text}, got); diff != "" {
			t.Error(diff)
		}
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE REQUEST" || len(rest) > 0 {
			t.Fatalf("%q", text)
		}
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err == nil {
			err = request.CheckSignature()
		}
		if err != nil {
			t.Error(err)
		}
	}
	authority := certtest.New(t)
	request, _ := m.MustWrite("keys/k/csr", object{"version": 1}).Data["csr"].(string)
	chain := authority.Issue(request) + "\n" + authority.Root()
	given := "\n" + chain + "\n\n"
	want := object{"name": "k", "type": "ecdsa-p256", "certificate-chain": given}
	if diff := cmp.Diff(want, m.MustWrite("keys/k/set-certificate", object{"version": 1, "certificate_chain": given}).Data); diff != "" {
		t.Error(diff)
	}
	m.Restart()
	shown, _ := m.MustRead("keys/k").Data["keys"].(map[string]any)
	first, _ := shown["1"].(map[string]any)
	second, _ := shown["2"].(map[string]any)
	if first["certificate_chain"] != chain || second["certificate_chain"] != "" {
		t.Errorf("a read shows %v and %v", first["certificate_chain"], second["certificate_chain"])
	}
	exported, _ := m.MustRead("export/certificate-chain/k/1").Data["keys"].(map[string]any)
	if exported["1"] != chain {
		t.Errorf("export gives %v", exported)
	}
}

// Post-quantum and hybrid signing keys have certificates as the others do.
func TestCertificateOfAPostQuantumKey(t *testing.T) {
	authority := certtest.New(t)
	for _, data := range []object{
		{"type": "ml-dsa", "parameter_set": "65"},
		{"type": "slh-dsa", "parameter_set": "slh-dsa-shake-128f"},
		{"type": "hybrid", "parameter_set": "87", "hybrid_key_type_pqc": "ml-dsa", "hybrid_key_type_ec": "ecdsa-p384"},
	} {
		t.Run(fmt.Sprint(data["type"]), func(t *testing.T) {
			m := newMount(t)
			m.MustWrite("keys/k", data)
			answer := m.MustWrite("keys/k/csr", nil).Data
			request, _ := answer["csr"].(string)
			if answer["type"] != data["type"] {
				t.Errorf("type %v", answer["type"])
			}
			m.MustWrite("keys/k/set-certificate", object{"certificate_chain": authority.Issue(request)})
			m.MustWrite("keys/k/rotate", nil)
			request, _ = m.MustWrite("keys/k/csr", nil).Data["csr"].(string)
			wantRefused(t, "version 2's certificate", m.Write("keys/k/set-certificate", object{"version": 1, "certificate_chain": authority.Issue(request)}),
				"failed to persist certificate chain: leaf certificate public key does not match the key version selected")
		})
	}
}

func TestCertificatesThatAreRefused(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ecdsa-p256"})
	m.MustWrite("keys/d", object{"type": "ed25519", "derived": true})
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/mixed", object{"type": "aes128-cmac"})
	leaf := certtest.New(t).Issue(m.MustWrite("keys/k/csr", nil).Data["csr"].(string))
	for _, test := range []struct {
		path string
		data object
		want string
	}{
		{"keys/none/csr", nil, "key with provided name 'none' not found"},
		{"keys/a/csr", nil, "key type aes256-gcm96 does not support signing"},
		{"keys/d/csr", nil, "operation not supported on keys with derivation enabled"},
		{"keys/k/csr", object{"version": 2}, "could not create the csr: no such key version"},
		{"keys/k/csr", object{"version": -1}, "could not create the csr: no such key version"},
		{"keys/k/csr", object{"version": "latest"}, "Field validation failed"},
		{"keys/k/csr", object{"csr": "x"}, "could not decode PEM certificate request"},
		{"keys/none/set-certificate", object{"certificate_chain": leaf}, "key with provided name 'none' not found"},
		{"keys/a/set-certificate", object{"certificate_chain": leaf}, "key type aes256-gcm96 does not support signing"},
		{"keys/k/set-certificate", nil, "provided certificate chain did not contain any valid PEM certificate"},
		{"keys/k/set-certificate", object{"certificate_chain": "x"}, "could not decode PEM block in certificate chain"},
		{"keys/k/set-certificate", object{"version": 2, "certificate_chain": leaf}, "failed to persist certificate chain: could not validate key match between leaf certificate key and key version in transit: no such key version"},
	} {
		wantRefused(t, fmt.Sprint(test.path, test.data), m.Write(test.path, test.data), test.want)
	}
}

func TestManagedKeysAreRefused(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", nil)
	before := m.Storage.Snapshot()
	for path, data := range map[string]object{
		"keys/m":        {"type": "managed_key"},
		"keys/n":        {"managed_key_name": "hsm"},
		"keys/k/rotate": {"managed_key_id": "1"},
		"keys/i/import": {"type": "managed_key", "ciphertext": "AAAA"},
		"keys/k":        {"type": "managed_key", "managed_key_name": "hsm"},
	} {
		wantRefused(t, path, m.Write(path, data), "managed keys are not supported: Vault does not let plugins use them")
	}
	if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
		t.Errorf("something was made: %s", diff)
	}
	if got := m.Write("keys/k/rotate", object{"managed_key_name": ""}); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.Message)
	}
}
