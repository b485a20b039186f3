package keyring_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/certtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func (m *mount) request(name string, version int) string {
	m.Helper()
	text, made, err := m.get(name).CertificationRequest(version, nil)
	if err != nil || version != 0 && made.Number != version {
		m.Fatalf("certificate request of %s: %v", name, err)
	}
	return text
}

func (m *mount) certify(name string, version int, chain string) error {
	m.Helper()
	parsed, err := keyring.ParseChain(chain)
	if err != nil {
		m.Fatal(err)
	}
	_, _, err = m.keys.SetCertificate(m.Context(), m.storage, name, version, parsed)
	return err
}

// chainOf is the stored chain of a version, PEM.
func (m *mount) chainOf(name string, version int) string {
	m.Helper()
	for _, v := range m.get(name).Versions() {
		if v.Number == version {
			return keyring.ChainText(v.Certificates)
		}
	}
	m.Fatalf("%s has no version %d", name, version)
	return ""
}

func TestCertificatesOfEverySigningSuite(t *testing.T) {
	authority, tried := certtest.New(t), 0
	for _, s := range suite.All() {
		if !s.Purpose.Has(suite.Signing) || s.Slow && s.Name != "slh-dsa-sha2-128f" || !quickToMake(s) {
			continue
		}
		tried++
		t.Run(s.Name, func(t *testing.T) {
			m := newMount(t)
			m.create("k", keyring.Spec{Type: s.Name})
			chain := authority.Issue(m.request("k", 0)) + "\n" + authority.Root()
			if err := m.certify("k", 0, chain); err != nil {
				t.Fatal(err)
			}
			m.rotate("k", keyring.Rotation{})
			m.configure("k", keyring.Configuration{Exportable: new(true)})
			if got := m.fresh().chainOf("k", 1); got != chain || m.chainOf("k", 1) != chain || m.chainOf("k", 2) != "" {
				t.Errorf("version 1 has\n%s\nwant\n%s", got, chain)
			}
			wantRefusal(t, m.certify("k", 2, chain), "failed to persist certificate chain: leaf certificate public key does not match the key version selected")
			wantRefusal(t, m.certify("k", 3, chain), "no such key version")
			if texts, err := m.get("k").Export("certificate-chain", "1", ""); err != nil || texts[1] != chain {
				t.Errorf("export %v, %v", texts, err)
			}
		})
	}
	if tried < 12 {
		t.Errorf("only %d suites", tried)
	}
}

// A chain stays with its version while the key changes: into the archive and back, into our
// own format, and through a backup of either.
func TestCertificatesSurvive(t *testing.T) {
	authority := certtest.New(t)
	for name, rotation := range map[string]keyring.Rotation{
		"Community": {},
		"own":       {Type: "ml-dsa-44"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMount(t)
			m.create("k", keyring.Spec{Type: "ecdsa-p256", Exportable: true, AllowPlaintextBackup: true})
			chain := authority.Issue(m.request("k", 0))
			if err := m.certify("k", 1, chain); err != nil {
				t.Fatal(err)
			}
			m.rotate("k", rotation)
			m.configure("k", keyring.Configuration{MinDecryption: new(2)})
			m = m.fresh()
			m.configure("k", keyring.Configuration{MinDecryption: new(1)})
			if got := m.fresh().chainOf("k", 1); got != chain {
				t.Errorf("after the archive %q", got)
			}
			backup, err := m.keys.Backup(t.Context(), m.storage, "k")
			if err != nil {
				t.Fatal(err)
			}
			other := newMount(t)
			if _, err := other.keys.Restore(t.Context(), other.storage, "copy", backup, false); err != nil {
				t.Fatal(err)
			}
			if got := other.fresh().chainOf("copy", 1); got != chain {
				t.Errorf("after the backup %q", got)
			}
		})
	}
}

// The built-in engine's own library finds the chain where it would put it.
func TestCertificatesAreStoredAsKeysutilDoes(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "ecdsa-p384"})
	chain := certtest.New(t).Issue(m.request("k", 0))
	if err := m.certify("k", 0, chain); err != nil {
		t.Fatal(err)
	}
	parsed, err := keyring.ParseChain(chain)
	if err != nil {
		t.Fatal(err)
	}
	policy, _ := m.theirs("k")
	stored := policy.Keys["1"].CertificateChain
	if len(stored) != 1 || !bytes.Equal(stored[0], parsed[0].Raw) {
		t.Errorf("keysutil finds %d certificates", len(stored))
	}
	if valid, err := policy.ValidateLeafCertKeyMatch(1, parsed[0].PublicKeyAlgorithm, parsed[0].PublicKey); err != nil || !valid {
		t.Errorf("keysutil says %v, %v", valid, err)
	}
}

func TestSetCertificateSurvivesEveryFault(t *testing.T) {
	authority := certtest.New(t)
	for _, algorithm := range []string{"ecdsa-p256", "ml-dsa-44"} {
		t.Run(algorithm, func(t *testing.T) {
			before := newMount(t)
			before.create("k", keyring.Spec{Type: algorithm})
			before.rotate("k", keyring.Rotation{})
			chain := authority.Issue(before.request("k", 1))
			certify := func(m *mount) error { return m.certify("k", 1, chain) }
			eachFault(t, before.storage.Snapshot(), certify, func(t *testing.T, m *mount, _ error) {
				m.TB = t
				if running, stored := m.chainOf("k", 1), m.fresh().chainOf("k", 1); running != stored || running != "" && running != chain {
					t.Errorf("running %q, stored %q", running, stored)
				}
				if err := certify(m); err != nil || m.fresh().chainOf("k", 1) != chain {
					t.Errorf("repeated: %v", err)
				}
			})
		})
	}
}

func TestChainsThatAreRefused(t *testing.T) {
	authority := certtest.New(t)
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "ecdsa-p256"})
	m.create("other", keyring.Spec{Type: "ml-dsa-65"})
	m.create("derived", keyring.Spec{Type: "ed25519", Derived: true})
	m.create("cipher", keyring.Spec{Type: symmetric})
	leaf := authority.Issue(m.request("k", 0))
	large := leaf + strings.Repeat("\n"+authority.Root(), 1000)
	tests := []struct{ name, key, chain, want string }{
		{"no key", "none", leaf, "key with provided name 'none' not found"},
		{"a cipher's", "cipher", leaf, "key type aes256-gcm96 does not support signing"},
		{"a derived key's", "derived", leaf, "operation not supported on keys with derivation enabled"},
		{"an authority first", "k", authority.Root() + "\n" + leaf, "failed to persist certificate chain: certificate in the first position is not a leaf certificate"},
		{"two leaves", "k", leaf + "\n" + leaf, "failed to persist certificate chain: provided certificate chain contains more than one leaf certificate"},
		{"too long", "k", large, "at most 262144 are possible"},
		{"another type's", "k", authority.Issue(m.request("other", 0)), "provided leaf certificate public key algorithm '2.16.840.1.101.3.4.3.18' does not match the transit key type 'ecdsa-p256'"},
		{"another type's", "other", leaf, "provided leaf certificate public key algorithm 'ECDSA' does not match the transit key type 'ml-dsa-65'"},
	}
	for _, test := range tests {
		before := m.storage.Snapshot()
		err := m.certify(test.key, 0, test.chain)
		wantRefusal(t, err, test.want)
		if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
			t.Errorf("%s: storage changed: %s", test.name, diff)
		}
	}
}

func TestParseChain(t *testing.T) {
	authority := certtest.New(t)
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	tests := []struct {
		name, text string
		count      int
		want       string
	}{
		{"one", authority.Root(), 1, ""},
		{"two", authority.Root() + "\n\n" + authority.Root() + "\n", 2, ""},
		{"another block between", authority.Root() + "\n" + key + authority.Root(), 2, ""},
		{"its other name", strings.ReplaceAll(authority.Root(), " CERTIFICATE", " X509 CERTIFICATE"), 1, ""},
		{"empty", "", 0, "provided certificate chain did not contain any valid PEM certificate"},
		{"another block alone", key, 0, "did not contain any valid PEM certificate"},
		{"noise", "certificate", 0, "could not decode PEM block in certificate chain"},
		{"noise behind", authority.Root() + "\nx", 0, "could not decode PEM block in certificate chain"},
		{"no certificate", strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE"), 0, "failed to parse certificate in certificate chain"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chain, err := keyring.ParseChain(test.text)
			if test.want != "" {
				wantRefusal(t, err, test.want)
			} else if err != nil || len(chain) != test.count {
				t.Errorf("%d certificates, %v", len(chain), err)
			}
		})
	}
}

func TestParseRequestTemplate(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "ecdsa-p256"})
	request := m.request("k", 0)
	if der, err := keyring.ParseRequestTemplate(""); der != nil || err != nil {
		t.Errorf("%x, %v", der, err)
	}
	if der, err := keyring.ParseRequestTemplate("Certificate Request:\n" + request); len(der) == 0 || err != nil {
		t.Errorf("%x, %v", der, err)
	}
	for text, want := range map[string]string{
		"request":           "could not decode PEM certificate request",
		request + request:   "is followed by something else",
		request[:40] + "\n": "could not decode PEM certificate request",
		strings.Replace(request, "\nM", "\nA", 1): "could not parse the certificate request",
	} {
		_, err := keyring.ParseRequestTemplate(text)
		wantRefusal(t, err, want)
	}
}

// FuzzChain: what parses is written again as the same certificates.
func FuzzChain(f *testing.F) {
	root := certtest.New(f).Root()
	for _, seed := range []string{root, root + "\n" + root, "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		chain, err := keyring.ParseChain(text)
		if err != nil {
			return
		}
		var raw [][]byte
		for _, certificate := range chain {
			raw = append(raw, certificate.Raw)
		}
		again, err := keyring.ParseChain(keyring.ChainText(raw))
		if err != nil || len(again) != len(chain) {
			t.Fatalf("%d certificates, then %d: %v", len(chain), len(again), err)
		}
		for i := range chain {
			if !chain[i].Equal(again[i]) {
				t.Errorf("certificate %d is another", i)
			}
		}
	})
}

// FuzzTemplate: what parses is a certificate request.
func FuzzTemplate(f *testing.F) {
	m := newMount(f)
	m.create("k", keyring.Spec{Type: "ecdsa-p256"})
	for _, seed := range []string{m.request("k", 0), "", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		der, err := keyring.ParseRequestTemplate(text)
		if err != nil || der == nil {
			return
		}
		again, err := keyring.ParseRequestTemplate(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})))
		if err != nil || !bytes.Equal(der, again) {
			t.Errorf("%x, then %x: %v", der, again, err)
		}
		if _, err := x509.ParseCertificateRequest(der); err != nil {
			t.Error(err)
		}
	})
}
