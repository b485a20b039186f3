package e2e_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// enterprise is a suite in Vault Enterprise's words, as flags of palisade and as parameters.
func enterprise(s *suite.Suite) (flags []string, parameters object) {
	if s.Selector.Type == "" {
		return []string{"-type=" + s.Name}, object{"type": s.Name}
	}
	flags, parameters = []string{"-type=" + s.Selector.Type}, object{"type": s.Selector.Type}
	for _, part := range [][2]string{
		{"parameter_set", s.Selector.ParameterSet}, {"hybrid_key_type_pqc", s.Selector.HybridPQC}, {"hybrid_key_type_ec", s.Selector.HybridEC},
	} {
		if part[1] != "" {
			flags = append(flags, "-"+strings.ReplaceAll(part[0], "_", "-")+"="+part[1])
			parameters[part[0]] = part[1]
		}
	}
	return flags, parameters
}

// keyFile is a private key as a user has it: PEM where the type has that.
func keyFile(t *testing.T, s *suite.Suite, key suite.Key) string {
	t.Helper()
	text, err := s.PrivateText(s.PrivateFormats()[0], key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPalisadeImports brings two versions of a key of every type in, each wrapped to one of the
// two hybrid wrapping keys, and holds that they are the keys that were made outside.
func TestPalisadeImports(t *testing.T) {
	t.Parallel()
	count := 0
	for _, s := range suite.All() {
		count++
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			client, name := root(t), uniqueName(t)
			flags, _ := enterprise(s)
			for i, wrapping := range suite.WrappingTypes() {
				key, err := s.Generate()
				if err != nil {
					t.Fatal(err)
				}
				words := append([]string{"transit", "import", "-exportable", "-allow-plaintext-backup"}, flags...)
				if i > 0 {
					words = []string{"transit", "import-version"}
				}
				words = append(words, "-wrapping-type="+wrapping, "pqtransit/"+name, keyFile(t, s, key))
				got := palisadeJSON[struct {
					Type       string `json:"type"`
					KeyVersion int    `json:"key_version"`
					WrappedTo  string `json:"wrapped_to"`
				}](t, 0, words...)
				if got.Type != s.Name || got.KeyVersion != i+1 || got.WrappedTo != wrapping {
					t.Errorf("%+v", got)
				}
				isImported(t, client, name, i+1, s, key)
			}
		})
	}
	if count < 40 {
		t.Errorf("only %d types", count)
	}
}

// TestHybridBYOKBetweenMounts carries a key of every type from one mount to another through the
// other's hybrid wrapping key.
func TestHybridBYOKBetweenMounts(t *testing.T) {
	t.Parallel()
	client := root(t)
	other := mountFresh(t, client)
	wrapping := readWith(t, client, other+"/wrapping_key", object{"type": "x25519-mlkem768"})
	to := uniqueName(t)
	write(t, client, "pqtransit/keys/"+to+"/import", object{"type": "x25519-mlkem768", "public_key": wrapping["public_key"]})
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			name := uniqueName(t)
			_, parameters := enterprise(s)
			parameters["exportable"], parameters["allow_plaintext_backup"] = true, true
			write(t, client, "pqtransit/keys/"+name, parameters)
			keys, _ := read(t, client, "pqtransit/byok-export/"+to+"/"+name)["keys"].(object)
			parameters["ciphertext"] = keys["1"]
			write(t, client, other+"/keys/"+name+"/import", parameters)
			if diff := cmp.Diff(material(t, client, s, "pqtransit", name), material(t, client, s, other, name)); diff != "" {
				t.Error("the keys differ")
			}
			// Neither a damaged one comes in, nor one as another type, both for the same reason.
			text := fmt.Sprint(keys["1"])
			parameters["ciphertext"] = text[:len(text)-8] + "AAAAAAAA"[:8]
			damaged := send(t, client, "PUT", other+"/keys/damaged/import", encode(t, parameters))
			if damaged.status != 400 || !strings.HasPrefix(damaged.errors(t), "provided ciphertext does not unwrap") {
				t.Errorf("damaged: %d %s", damaged.status, damaged.body)
			}
		})
	}
}

// readWith is a read with parameters.
func readWith(t *testing.T, client *api.Client, path string, parameters object) object {
	t.Helper()
	query := map[string][]string{}
	for name, value := range parameters {
		query[name] = []string{fmt.Sprint(value)}
	}
	secret, err := client.Logical().ReadWithDataWithContext(t.Context(), path, query)
	if err != nil || secret == nil {
		t.Fatalf("%s: %v", path, err)
	}
	return secret.Data
}

// material is the private key where an export gives it, else what the public one shows.
func material(t *testing.T, client *api.Client, s *suite.Suite, mount, name string) any {
	t.Helper()
	part := "public-key"
	switch {
	case s.Purpose.Has(suite.Encryption):
		part = "encryption-key"
	case s.Purpose.Has(suite.Signing):
		part = "signing-key"
	case !s.Asymmetric:
		return nil // hmac and cmac: TestPalisadeImports compares them
	}
	return read(t, client, mount+"/export/"+part+"/"+name)["keys"]
}

// The wrapping key rotates: a wrap to the one before comes in, one to an older does not.
func TestWrappingKeyRotation(t *testing.T) {
	t.Parallel()
	client := root(t)
	mount, to, name := mountFresh(t, client), uniqueName(t), uniqueName(t)
	wrapping := readWith(t, client, mount+"/wrapping_key", object{"type": "p384-mlkem1024"})
	write(t, client, "pqtransit/keys/"+to+"/import", object{"type": "p384-mlkem1024", "public_key": wrapping["public_key"]})
	write(t, client, "pqtransit/keys/"+name, object{"exportable": true})
	keys, _ := read(t, client, "pqtransit/byok-export/"+to+"/"+name)["keys"].(object)
	for i, want := range []int{204, 204, 400} {
		path := fmt.Sprintf("%s/keys/k%d/import", mount, i)
		if got := send(t, client, "PUT", path, encode(t, object{"ciphertext": keys["1"]})); got.status != want {
			t.Errorf("after %d rotations: %d %s", i, got.status, got.body)
		}
		write(t, client, mount+"/wrapping_key/rotate", object{"type": "p384-mlkem1024"})
	}
}

// The built-in engine has RSA alone, and says nothing of it.
func TestPalisadeImportsIntoTheBuiltInEngine(t *testing.T) {
	t.Parallel()
	client, mount := root(t), uniqueName(t)
	if err := client.Sys().MountWithContext(t.Context(), mount, &api.MountInput{Type: "transit"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().UnmountWithContext(context.Background(), mount); err != nil {
			t.Error(err)
		}
	})
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ec.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	words := []string{"transit", "import", "-type=ecdsa-p256", mount + "/keys/code", path}
	if got := palisade(t, words...); got.code != 1 || !strings.Contains(got.err, "it is served by the built-in engine") {
		t.Errorf("code %d: %s", got.code, got.err)
	}
	if got := palisade(t, append(words, "-wrapping-type=rsa-4096")...); got.code != 0 {
		t.Fatalf("code %d: %s", got.code, got.err)
	}
	if got := read(t, client, mount+"/keys/code"); got["imported_key"] != true || got["type"] != "ecdsa-p256" {
		t.Errorf("%v", got)
	}
}
