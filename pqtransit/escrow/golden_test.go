package escrow_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenPackage = "package-v1.json"

// golden are the private keys that go with the golden package: a dealer's and two
// custodians', each in its suite's own form.
type golden struct {
	Record     string            `json:"record"`
	Dealer     escrow.PublicKey  `json:"dealer"`
	Custodians map[string][]byte `json:"custodians"` // x25519-mlkem768 seeds by entity
}

// A package that an earlier release wrote still verifies, opens and recovers.
func TestGoldenPackage(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	encoded := read(t, goldenPackage)
	p, err := escrow.DecodePackage(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, encoded) {
		t.Fatalf("the package encodes otherwise now (%v)", err)
	}
	var keys golden
	if err := json.Unmarshal(read(t, "package-v1.keys.json"), &keys); err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(keys.Dealer); err != nil {
		t.Fatal(err)
	}
	var owners []owner
	for entity, seed := range keys.Custodians {
		found, _ := suite.Lookup("x25519-mlkem768")
		key, err := found.Parse(seed)
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, owner{Custodian: escrow.Custodian{Entity: entity}, suite: found, key: key})
	}
	var shares []escrow.Share
	for _, share := range open(t, p, owners) {
		shares = append(shares, share)
	}
	record, err := p.Recover(shares)
	if err != nil || !record.Equal(suite.NewSecret([]byte(keys.Record))) {
		t.Fatalf("the record does not come back: %v", err)
	}
}

func writeGolden(t *testing.T) {
	t.Helper()
	keys := golden{Record: "the record of the golden package", Custodians: map[string][]byte{}}
	var members []escrow.Custodian
	for _, entity := range []string{"entity-a", "entity-b"} {
		found, key := newKey(t, "x25519-mlkem768")
		keys.Custodians[entity] = key.Private().Bytes()
		members = append(members, escrow.Custodian{Entity: entity, Encryption: escrow.PublicKeyOf(found, key)})
	}
	dealer := newDealer(t)
	keys.Dealer = dealer.PublicKey()
	arrangement := escrow.Arrangement{Groups: []escrow.Group{{Name: "ops", Threshold: 1, Members: members[:1]}}, Mandatory: members[1:]}
	p, err := dealer.Seal(subject, 1, suite.NewSecret([]byte(keys.Record)), arrangement)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, goldenPackage, encoded)
	write(t, "package-v1.keys.json", append(secrets, '\n'))
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What decodes encodes to the same bytes, and what does not gives nothing.
func FuzzDecodePackage(f *testing.F) {
	corpus, err := filepath.Glob(filepath.Join("testdata", "package-*.json"))
	if err != nil || len(corpus) < 2 {
		f.Fatalf("the corpus has %d files: %v", len(corpus), err)
	}
	for _, path := range corpus {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		p, err := escrow.DecodePackage(encoded)
		if err != nil {
			if p != nil {
				t.Fatal("a package besides the error")
			}
			return
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, encoded) {
			t.Fatalf("it encodes otherwise: %v", err)
		}
	})
}

// Escrow to five custodians, as a rotation pays for it.
func BenchmarkSealToFive(b *testing.B) {
	dealer := newDealer(b)
	record := suite.NewSecret(bytes.Repeat([]byte{1}, 200))
	var five []owner
	for _, candidate := range pool {
		if candidate.suite.Name == "x25519-mlkem768" && len(five) < 5 {
			five = append(five, candidate)
		}
	}
	arrangement := escrow.Arrangement{Groups: []escrow.Group{{Name: "ops", Threshold: 3, Members: custodians(five)}}}
	for b.Loop() {
		if _, err := dealer.Seal(subject, 1, record, arrangement); err != nil {
			b.Fatal(err)
		}
	}
}
