package cryptopolicy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func must(t testing.TB, asked cryptopolicy.Policy) cryptopolicy.Policy {
	t.Helper()
	policy, err := cryptopolicy.New(asked)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func named(t testing.TB, name string) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	return s
}

func TestNewRefuses(t *testing.T) {
	successors := func(from, to string) cryptopolicy.Policy {
		return cryptopolicy.Policy{Successors: map[string]string{from: to}}
	}
	tests := []struct {
		name  string
		asked cryptopolicy.Policy
		want  string
	}{
		{"unknown allowed type", cryptopolicy.Policy{Allowed: []string{"rot13"}}, `unknown key type "rot13" in allowed_types`},
		{"empty type", cryptopolicy.Policy{Forbidden: []string{""}}, `unknown key type "" in forbidden_types`},
		{"both", cryptopolicy.Policy{Allowed: []string{"ml-dsa"}, Forbidden: []string{"ml-dsa-65"}}, "ml-dsa-65 is in allowed_types and in forbidden_types"},
		{"category", cryptopolicy.Policy{MinimumCategory: 6}, "minimum_security_category 6 is not one of 0 to 5"},
		{"negative category", cryptopolicy.Policy{MinimumCategory: -1}, "not one of 0 to 5"},
		{"existing", cryptopolicy.Policy{Existing: "delete"}, `unknown existing_keys "delete": use one of report, refuse-new-encryption, auto-rotate`},
		{"auto-rotate to nowhere", cryptopolicy.Policy{Existing: cryptopolicy.AutoRotate}, "needs successors"},
		{"nothing left", cryptopolicy.Policy{Allowed: []string{"rsa-2048"}, QuantumSafe: true}, "no key type complies with this policy"},
		{"unknown source", successors("rot13", "ml-dsa-65"), `unknown key type "rot13" in successors`},
		{"unknown target", successors("ed25519", "rot13"), `unknown key type "rot13" in successors`},
		{"family as target", successors("ed25519", "ml-dsa"), "name one type, such as ml-dsa-65"},
		{"itself", successors("ed25519", "ed25519"), "ed25519 is its own successor"},
		{"purposes", successors("ed25519", "x25519-mlkem768"), "x25519-mlkem768 cannot follow ed25519, since they serve different purposes"},
		{"authenticity", successors("aes128-gcm96", "x25519-mlkem768"), "since that gives up authenticity"},
		{"no authentication", successors("aes128-gcm96", "aes256-cbc"), "since that gives up authenticity"},
		{"two", cryptopolicy.Policy{Successors: map[string]string{"ml-dsa": "slh-dsa-sha2-128f", "ml-dsa-44": "ml-dsa-65"}}, "ml-dsa-44 has two"},
		{
			"violating successor",
			cryptopolicy.Policy{MinimumCategory: 5, Successors: map[string]string{"ed25519": "ml-dsa-65"}},
			"ml-dsa-65 cannot follow ed25519: it has security category 3, below the minimum of 5",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := cryptopolicy.New(test.asked)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if diff := cmp.Diff(cryptopolicy.Policy{}, got); diff != "" {
				t.Errorf("a policy all the same: %s", diff)
			}
		})
	}
}

func TestNewExpandsNames(t *testing.T) {
	got := must(t, cryptopolicy.Policy{
		Allowed:    []string{"mldsa-65", "aes256-gcm96", " ml-kem ", "aes256-gcm96"},
		Successors: map[string]string{"rsa-2048": "mldsa-65"},
	})
	want := cryptopolicy.Policy{
		Allowed:    []string{"aes256-gcm96", "ml-dsa-65", "ml-kem-1024", "ml-kem-512", "ml-kem-768"},
		Forbidden:  []string{},
		Existing:   cryptopolicy.Report,
		Successors: map[string]string{"rsa-2048": "ml-dsa-65"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestZeroPolicyLetsEverythingPass(t *testing.T) {
	for _, policy := range []cryptopolicy.Policy{{}, must(t, cryptopolicy.Policy{})} {
		rules := cryptopolicy.Compile(policy)
		for _, s := range suite.All() {
			if rules.Violations(s) != nil || rules.Reasons(s) != "" {
				t.Errorf("%s: %v", s.Name, rules.Violations(s))
			}
		}
	}
}

func TestViolations(t *testing.T) {
	rules := cryptopolicy.Compile(must(t, cryptopolicy.Policy{
		Allowed:         []string{"rsa-2048", "ml-dsa", "aes256-gcm96"},
		Forbidden:       []string{"aes128-gcm96"},
		MinimumCategory: 3, QuantumSafe: true,
	}))
	for name, want := range map[string]string{
		"rsa-2048":     "has security category 0, below the minimum of 3 and is not quantum-safe",
		"aes128-gcm96": "is not one of allowed_types and is one of forbidden_types and has security category 1, below the minimum of 3",
		"ml-dsa-44":    "has security category 2, below the minimum of 3",
		"ml-dsa-65":    "",
		"aes256-gcm96": "",
		"hmac":         "is not one of allowed_types",
	} {
		if got := rules.Reasons(named(t, name)); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

func TestSuccessors(t *testing.T) {
	signing, encryption, kem := cryptopolicy.Need{Purpose: suite.Signing}, cryptopolicy.Need{Purpose: suite.Encryption}, cryptopolicy.Need{Purpose: suite.KeyEncapsulation}
	tests := []struct {
		name   string
		policy cryptopolicy.Policy
		from   string
		need   cryptopolicy.Need
		want   string
	}{
		{"RSA encrypts", cryptopolicy.Policy{}, "rsa-4096", encryption, "x25519-mlkem768"},
		{"RSA signs", cryptopolicy.Policy{}, "rsa-4096", signing, "hybrid-ml-dsa-65-ecdsa-p256"},
		{"P-384", cryptopolicy.Policy{}, "ecdsa-p384", signing, "hybrid-ml-dsa-87-ecdsa-p384"},
		{"Ed25519", cryptopolicy.Policy{}, "ed25519", signing, "hybrid-ml-dsa-65-ed25519"},
		{"derived Ed25519", cryptopolicy.Policy{}, "ed25519", cryptopolicy.Need{Purpose: suite.Signing, Derived: true}, ""},
		{"AES-256 stays", cryptopolicy.Policy{QuantumSafe: true, MinimumCategory: 5}, "aes256-gcm96", encryption, ""},
		{"AES-128 stays", cryptopolicy.Policy{}, "aes128-gcm96", encryption, ""},
		{"AES-128 under a minimum", cryptopolicy.Policy{MinimumCategory: 3}, "aes128-gcm96", encryption, "aes256-gcm96"},
		{"convergent AES-128", cryptopolicy.Policy{MinimumCategory: 3}, "aes128-gcm96", cryptopolicy.Need{Purpose: suite.Encryption, Derived: true, Convergent: true}, ""},
		{"AES-128 without AES-256-GCM", cryptopolicy.Policy{MinimumCategory: 3, Forbidden: []string{"aes256-gcm96"}}, "aes128-gcm96", encryption, "chacha20-poly1305"},
		{"the policy's word", cryptopolicy.Policy{QuantumSafe: true, Successors: map[string]string{"rsa-2048": "p384-mlkem1024"}}, "rsa-2048", encryption, "p384-mlkem1024"},
		{"the policy's word for another purpose", cryptopolicy.Policy{Successors: map[string]string{"rsa-2048": "p384-mlkem1024"}}, "rsa-2048", signing, "hybrid-ml-dsa-65-ecdsa-p256"},
		{"stronger alike", cryptopolicy.Policy{MinimumCategory: 5}, "x25519-mlkem768", encryption, "p384-mlkem1024"},
		{"stronger alike, encapsulation", cryptopolicy.Policy{MinimumCategory: 3}, "ml-kem-512", kem, "ml-kem-768"},
		{"only pure algorithms", cryptopolicy.Policy{Forbidden: []string{"hybrid", "ml-dsa"}}, "ed25519", signing, "slh-dsa-sha2-128f"},
		{"nothing is left", cryptopolicy.Policy{Allowed: []string{"aes256-gcm96"}}, "ed25519", signing, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if next := cryptopolicy.Compile(must(t, test.policy)).Successor(named(t, test.from), test.need); next != nil {
				got = next.Name
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// whole is a policy with every field set.
func whole(t testing.TB) cryptopolicy.Policy {
	return must(t, cryptopolicy.Policy{
		Allowed:         []string{"rsa-2048", "ml-dsa", "aes256-gcm96", "x25519-mlkem768"},
		Forbidden:       []string{"aes128-gcm96", "aes128-cbc"},
		MinimumCategory: 1, QuantumSafe: true, Existing: cryptopolicy.AutoRotate,
		Successors: map[string]string{"rsa-2048": "x25519-mlkem768", "ed25519": "ml-dsa-65"}, NarrowPurpose: true,
	})
}

func TestStoredForm(t *testing.T) {
	golden, err := os.ReadFile("testdata/policy.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	golden = []byte(strings.TrimSpace(string(golden)))
	encoded, err := whole(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(encoded)); diff != "" {
		t.Errorf("stored otherwise: %s", diff)
	}
	decoded, err := cryptopolicy.Decode(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole(t), decoded); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	golden, err := whole(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another format":   {`"format":1`, `"format":2`},
		"no format":        {`"format":1,`, ``},
		"a further field":  {`"format":1`, `"format":1,"maximum_key_age":1`},
		"white space":      {`,`, `, `},
		"an alias":         {`"ml-dsa-44"`, `"mldsa-44"`},
		"an unknown type":  {`"ml-dsa-44"`, `"ml-dsa-45"`},
		"no order":         {`"aes128-cbc","aes128-gcm96"`, `"aes128-gcm96","aes128-cbc"`},
		"an unknown word":  {`"auto-rotate"`, `"auto-delete"`},
		"a wrong category": {`"minimum_security_category":1`, `"minimum_security_category":9`},
		"trailing data":    {`}`, `}{`},
	} {
		changed := strings.Replace(string(golden), change[0], change[1], 1)
		if changed == string(golden) {
			t.Fatalf("%s: nothing to change", name)
		}
		if _, err := cryptopolicy.Decode([]byte(changed)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// FuzzDecode holds that what is read is written again byte for byte.
func FuzzDecode(f *testing.F) {
	for _, policy := range []cryptopolicy.Policy{must(f, cryptopolicy.Policy{}), whole(f)} {
		encoded, err := policy.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		policy, err := cryptopolicy.Decode(encoded)
		if err != nil {
			if diff := cmp.Diff(cryptopolicy.Policy{}, policy); diff != "" {
				t.Errorf("an error and a policy: %s", diff)
			}
			return
		}
		if again, err := policy.Encode(); err != nil || string(again) != string(encoded) {
			t.Errorf("written again as %s, %v", again, err)
		}
		cryptopolicy.Compile(policy)
	})
}
