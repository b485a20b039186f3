package suite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

type acvpFile struct {
	Groups []struct {
		ParameterSet string `json:"parameterSet"`
		PreHash      string `json:"preHash"`
		Tests        []struct {
			Private   hexBytes `json:"sk"`
			Public    hexBytes `json:"pk"`
			Message   hexBytes `json:"message"`
			Context   hexBytes `json:"context"`
			Hash      string   `json:"hashAlg"`
			Signature hexBytes `json:"signature"`
			Passed    bool     `json:"testPassed"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func TestACVPKeyGeneration(t *testing.T) {
	var file acvpFile
	readGzip(t, "acvp/slh-dsa-keyGen.json.gz", &file)
	count := map[string]int{}
	for _, group := range file.Groups {
		s := find(t, strings.ToLower(group.ParameterSet))
		for i, test := range group.Tests {
			key := parse(t, s, test.Private)
			if !bytes.Equal(key.Public().Bytes(), test.Public) {
				t.Errorf("%s: another public key", s.Name)
			}
			if i > 0 { // the root costs as much as making the key
				continue
			}
			if _, err := s.Encodings.ParseRaw(test.Private); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			test.Private[len(test.Private)-1] ^= 1
			if _, err := s.Encodings.ParseRaw(test.Private); err == nil {
				t.Errorf("%s: imported a key whose root is wrong", s.Name)
			}
		}
		count[s.Name] += len(group.Tests)
	}
	checkSLHDSA(t, count, 10)
}

// checkSLHDSA holds that each of the twelve sets ran so many tests.
func checkSLHDSA(t *testing.T, count map[string]int, each int) {
	t.Helper()
	want := map[string]int{}
	for _, s := range suite.All() {
		if s.Selector.Type == "slh-dsa" {
			want[s.Name] = each
		}
	}
	if diff := cmp.Diff(want, count); diff != "" || len(want) != 12 {
		t.Errorf("tests per suite (-want +got):\n%s", diff)
	}
}

// acvpHashes has no SHA-512/224 and SHA-512/256: transit has no names for them.
var acvpHashes = map[string]string{
	"SHA2-224": "sha2-224", "SHA2-256": "sha2-256", "SHA2-384": "sha2-384", "SHA2-512": "sha2-512",
	"SHA3-224": "sha3-224", "SHA3-256": "sha3-256", "SHA3-384": "sha3-384", "SHA3-512": "sha3-512",
	"SHAKE-128": "shake-128", "SHAKE-256": "shake-256",
}

// acvpParams reports false for a hash that nobody can ask for here.
func acvpParams(preHash, hash string, context []byte) (suite.SignParams, bool) {
	params := suite.SignParams{Context: context}
	if preHash == "pure" {
		return params, true
	}
	params.SignatureAlgorithm = "hash-slh-dsa"
	params.HashAlgorithm = acvpHashes[hash]
	return params, params.HashAlgorithm != ""
}

func TestACVPSignatureVerification(t *testing.T) {
	var file acvpFile
	readGzip(t, "acvp/slh-dsa-sigVer-subset.json.gz", &file)
	count, unnamed, passed := map[string]int{}, 0, 0
	for _, group := range file.Groups {
		s := find(t, strings.ToLower(group.ParameterSet))
		for i, test := range group.Tests {
			count[s.Name]++
			params, named := acvpParams(group.PreHash, test.Hash, test.Context)
			if !named {
				unnamed++
				continue
			}
			key, err := s.ParsePublic(test.Public)
			if err != nil {
				t.Fatal(err)
			}
			valid, err := key.(suite.Signer).Verify(params, test.Message, test.Signature)
			if err != nil || valid != test.Passed {
				t.Errorf("%s, %s, test %d: %v, %v; want %v", s.Name, group.PreHash, i, valid, err, test.Passed)
			}
			if valid {
				passed++
			}
		}
	}
	checkSLHDSA(t, count, 4)
	if unnamed != 2 || passed < 20 {
		t.Errorf("%d with a hash that has no name, want 2; %d verified", unnamed, passed)
	}
}

// TestACVPSignatureGeneration makes each deterministic signature again, and only
// verifies some of the slow sets. The file has none of the four that are
// slowest.
func TestACVPSignatureGeneration(t *testing.T) {
	var file acvpFile
	readGzip(t, "acvp/slh-dsa-sigGen-subset.json.gz", &file)
	count, unnamed := 0, 0
	for _, group := range file.Groups {
		s := find(t, strings.ToLower(group.ParameterSet))
		for _, test := range group.Tests {
			params, named := acvpParams(group.PreHash, test.Hash, test.Context)
			if !named {
				unnamed++
				continue
			}
			count++
			params.Deterministic = true
			t.Run(s.Name+"/"+group.PreHash, func(t *testing.T) {
				t.Parallel()
				if slow := strings.HasSuffix(s.Name, "s"); slow && (testing.Short() || group.PreHash != "pure") {
					mustVerify(t, parse(t, s, test.Private), params, test.Message, test.Signature)
					return
				}
				if !bytes.Equal(sign(t, parse(t, s, test.Private), params, test.Message), test.Signature) {
					t.Error("another signature")
				}
			})
		}
	}
	if count != 14 || unnamed != 2 {
		t.Errorf("made %d signatures, want 14; %d with a hash that has no name, want 2", count, unnamed)
	}
}

// TestRawKEMVectors has the suites' raw mechanisms recover the secrets of
// draft-ietf-hpke-pq's vectors.
func TestRawKEMVectors(t *testing.T) {
	names := map[uint16]string{
		0x0040: "ml-kem-512", 0x0041: "ml-kem-768", 0x0042: "ml-kem-1024",
		0x0050: "p256-mlkem768", 0x0051: "p384-mlkem1024", 0x647a: "x25519-mlkem768",
	}
	var vectors []struct {
		hpkeVector
		Secret hexBytes `json:"shared_secret"`
	}
	readJSON(t, "hpke/hpke-pq-test-vectors.json", &vectors)
	count := map[uint16]int{}
	for _, v := range vectors {
		name, ok := names[v.KEM]
		if !ok {
			continue
		}
		key := parse(t, find(t, name), v.Private)
		secret, err := key.(suite.Encapsulator).Decapsulate(v.Enc)
		if err != nil || !bytes.Equal(secret.Bytes(), v.Secret) || !bytes.Equal(key.Public().Bytes(), v.PublicKey) {
			t.Errorf("%s: another secret or public key (%v)", name, err)
		}
		count[v.KEM]++
	}
	if diff := cmp.Diff(map[uint16]int{0x0040: 1, 0x0041: 1, 0x0042: 2, 0x0050: 2, 0x0051: 1, 0x647a: 2}, count); diff != "" {
		t.Errorf("vectors per KEM (-want +got):\n%s", diff)
	}
}

// TestRawXWingVectors has the raw mechanism recover both drafts' secrets.
func TestRawXWingVectors(t *testing.T) {
	s := xwing(t)
	for i, v := range readXWingVectors(t) {
		secret, err := parse(t, s, v.Seed).(suite.Encapsulator).Decapsulate(v.Ciphertext)
		if err != nil || !bytes.Equal(secret.Bytes(), v.Secret) {
			t.Errorf("vector %d: another secret (%v)", i, err)
		}
	}
}
