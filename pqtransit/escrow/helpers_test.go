package escrow_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// owner is a custodian with the private half of its key.
type owner struct {
	escrow.Custodian
	suite *suite.Suite
	key   suite.Key
}

type fatal interface {
	Helper()
	Fatal(args ...any)
}

func newKey(t fatal, name string) (*suite.Suite, suite.Key) {
	t.Helper()
	found, ok := suite.Lookup(name)
	if !ok {
		t.Fatal("no suite", name)
	}
	key, err := found.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return found, key
}

// pool are custodians made once: keys take longer than what is tested with them.
var pool = func() []owner {
	types := []string{"x25519-mlkem768", "p384-mlkem1024", "p256-mlkem768"}
	var owners []owner
	for i := range 24 {
		found, ok := suite.Lookup(types[i%len(types)])
		if !ok {
			panic("no suite " + types[i%len(types)])
		}
		key, err := found.Generate()
		if err != nil {
			panic(err)
		}
		custodian := escrow.Custodian{Entity: fmt.Sprintf("entity-%d", i), Encryption: escrow.PublicKeyOf(found, key)}
		owners = append(owners, owner{Custodian: custodian, suite: found, key: key})
	}
	return owners
}()

func custodians(owners []owner) []escrow.Custodian {
	var all []escrow.Custodian
	for _, owner := range owners {
		all = append(all, owner.Custodian)
	}
	return all
}

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func newDealer(t fatal) escrow.Dealer {
	t.Helper()
	found, key := newKey(t, "hybrid-ml-dsa-65-ed25519")
	return escrow.Dealer{Suite: found, Key: key, Rand: rand.Reader, Now: func() time.Time { return now }}
}

var subject = escrow.Subject{Mount: "a-mount", Key: "orders", KeyID: "a-key", Version: 3, Policy: "default", PolicyVersion: 1}

// open is every custodian's share, by entity.
func open(t fatal, p *escrow.Package, owners []owner) map[string]escrow.Share {
	t.Helper()
	shares := map[string]escrow.Share{}
	for _, owner := range owners {
		place, err := p.Find(owner.Entity)
		if err != nil {
			t.Fatal(err)
		}
		share, err := p.OpenShare(place, owner.suite, owner.key)
		if err != nil {
			t.Fatal(err)
		}
		shares[owner.Entity] = share
	}
	return shares
}

func seal(t *testing.T, dealer escrow.Dealer, arrangement escrow.Arrangement) *escrow.Package {
	t.Helper()
	p, err := dealer.Seal(subject, 1, suite.NewSecret([]byte("the record")), arrangement)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
