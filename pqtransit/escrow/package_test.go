package escrow_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// drawn is an arrangement of some of the pool.
type drawn struct {
	escrow.Arrangement
	owners []owner
}

func drawArrangement(t *rapid.T) drawn {
	var d drawn
	order := rapid.Permutation(pool).Draw(t, "custodians")
	take := func(count int) []owner {
		taken := order[:count]
		order = order[count:]
		d.owners = append(d.owners, taken...)
		return taken
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "groups") {
		members := take(rapid.IntRange(1, 6).Draw(t, "members"))
		d.Groups = append(d.Groups, escrow.Group{
			Name:      string(rune('a' + i)),
			Threshold: rapid.IntRange(1, len(members)).Draw(t, "threshold"),
			Members:   custodians(members),
		})
	}
	d.Mandatory = custodians(take(rapid.IntRange(0, 2).Draw(t, "mandatory")))
	return d
}

// quorum reports whether those entities suffice.
func (d drawn) quorum(present map[string]bool) bool {
	for _, group := range d.Groups {
		count := 0
		for _, member := range group.Members {
			if present[member.Entity] {
				count++
			}
		}
		if count < group.Threshold {
			return false
		}
	}
	for _, custodian := range d.Mandatory {
		if !present[custodian.Entity] {
			return false
		}
	}
	return true
}

func TestEveryQuorumRecoversAndNoOther(t *testing.T) {
	dealer := newDealer(t)
	recovered, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawArrangement(t)
		record := suite.NewSecret(rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "record"))
		p, err := dealer.Seal(subject, 1, record, d.Arrangement)
		if (err == nil) != (d.Check() == nil) {
			t.Fatalf("sealing says %v, the arrangement's check %v", err, d.Check())
		}
		if err != nil {
			return
		}
		if err := p.Verify(dealer.PublicKey()); err != nil {
			t.Fatal(err)
		}
		all, present := open(t, p, d.owners), map[string]bool{}
		var shares []escrow.Share
		for entity, share := range all {
			if rapid.Bool().Draw(t, "has "+entity) {
				present[entity] = true
				shares = append(shares, share)
			}
		}
		got, err := p.Recover(shares)
		switch {
		case d.quorum(present):
			recovered++
			if err != nil || !got.Equal(record) {
				t.Fatalf("a quorum recovers nothing: %v", err)
			}
		case err == nil || !got.IsZero():
			t.Fatal("recovered without a quorum")
		default:
			refused++
			if !strings.Contains(err.Error(), "shares are missing") {
				t.Fatalf("the error does not say what is missing: %v", err)
			}
		}
	})
	if recovered == 0 || refused == 0 {
		t.Fatalf("%d recovered, %d refused: both must have been tried", recovered, refused)
	}
}

func TestArrangementsThatFailOpenAreRefused(t *testing.T) {
	two := custodians(pool[:2])
	sameKey := escrow.Custodian{Entity: "another", Encryption: two[0].Encryption}
	for _, c := range []struct {
		name, want  string
		arrangement escrow.Arrangement
	}{
		{"nobody", "one custodian alone", escrow.Arrangement{}},
		{"one alone", "one custodian alone", escrow.Arrangement{Groups: []escrow.Group{{Name: "a", Threshold: 1, Members: two}}}},
		{"one mandatory alone", "one custodian alone", escrow.Arrangement{Mandatory: two[:1]}},
		{"zero approvals", "needs 0 of 2", escrow.Arrangement{Groups: []escrow.Group{{Name: "a", Members: two}}}},
		{"negative", "needs -1 of 2", escrow.Arrangement{Groups: []escrow.Group{{Name: "a", Threshold: -1, Members: two}}}},
		{"more than there are", "needs 3 of 2", escrow.Arrangement{Groups: []escrow.Group{{Name: "a", Threshold: 3, Members: two}}}},
		{"no name", "without a name", escrow.Arrangement{Groups: []escrow.Group{{Threshold: 2, Members: two}}}},
		{"same name", "there twice", escrow.Arrangement{Groups: []escrow.Group{
			{Name: "a", Threshold: 1, Members: two[:1]}, {Name: "a", Threshold: 1, Members: two[1:]},
		}}},
		{"twice in a group", "custodian twice", escrow.Arrangement{Groups: []escrow.Group{
			{Name: "a", Threshold: 2, Members: []escrow.Custodian{two[0], two[0]}},
		}}},
		{"twice in two groups", "custodian twice", escrow.Arrangement{Groups: []escrow.Group{
			{Name: "a", Threshold: 1, Members: two[:1]}, {Name: "b", Threshold: 1, Members: two[:1]},
		}}},
		{"member and mandatory", "custodian twice", escrow.Arrangement{
			Groups: []escrow.Group{{Name: "a", Threshold: 1, Members: two}}, Mandatory: two[:1],
		}},
		{"two with one key", "key of another", escrow.Arrangement{Mandatory: []escrow.Custodian{two[0], sameKey}}},
		{"no entity", "without an entity", escrow.Arrangement{Mandatory: []escrow.Custodian{two[0], {Encryption: two[1].Encryption}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newDealer(t).Seal(subject, 1, suite.NewSecret([]byte("x")), c.arrangement)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestOnlyHybridKeysGetShares(t *testing.T) {
	for name, accepted := range map[string]bool{
		"x25519-mlkem768": true, "p256-mlkem768": true, "p384-mlkem1024": true,
		"ml-kem-768": false, "ml-kem-1024": false, "rsa-4096": false, "ml-dsa-65": false, "ed25519": false,
	} {
		found, key := newKey(t, name)
		custodian := escrow.Custodian{Entity: "other", Encryption: escrow.PublicKeyOf(found, key)}
		_, err := newDealer(t).Seal(subject, 1, suite.NewSecret([]byte("x")), escrow.Arrangement{Mandatory: []escrow.Custodian{pool[0].Custodian, custodian}})
		if (err == nil) != accepted {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func threeOfFive() escrow.Arrangement {
	return escrow.Arrangement{
		Groups:    []escrow.Group{{Name: "ops", Threshold: 3, Members: custodians(pool[:5])}},
		Mandatory: custodians(pool[5:6]),
	}
}

// Whoever changes a package, down to one bit, breaks its signature or its form.
func TestEveryChangedBitIsRefused(t *testing.T) {
	dealer := newDealer(t)
	encoded, err := seal(t, dealer, threeOfFive()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i := range encoded {
		changed := append([]byte(nil), encoded...)
		changed[i] ^= 1 << (i % 8)
		p, err := escrow.DecodePackage(changed)
		if err == nil {
			err = p.Verify(dealer.PublicKey())
		}
		if err == nil {
			t.Fatalf("bit %d of byte %d does not matter", i%8, i)
		}
		tried++
	}
	t.Logf("%d changed packages, all refused", tried)
}

func TestPackageOfAnotherDealerIsRefused(t *testing.T) {
	p := seal(t, newDealer(t), threeOfFive())
	other := newDealer(t)
	if err := p.Verify(other.PublicKey()); err == nil {
		t.Fatal("verified with another dealer's key")
	}
	p.Dealer = other.PublicKey().ID()
	if err := p.Verify(other.PublicKey()); err == nil || !strings.Contains(err.Error(), "signature") {
		t.Fatalf("a package under another dealer's name: %v", err)
	}
}

func TestWrongSharesAreNamed(t *testing.T) {
	dealer := newDealer(t)
	p, stale := seal(t, dealer, threeOfFive()), seal(t, dealer, threeOfFive())
	shares := open(t, p, pool[:6])
	quorum := func(replacement escrow.Share) []escrow.Share {
		return []escrow.Share{shares["entity-0"], shares["entity-1"], replacement, shares["entity-5"]}
	}
	moved := shares["entity-2"]
	moved.Place.Share = 3
	later := shares["entity-2"]
	later.Epoch++
	outside := shares["entity-2"]
	outside.Place.Part = 9
	for _, c := range []struct {
		name, culprit string
		share         escrow.Share
	}{
		{"of another package", "entity-2", open(t, stale, pool[:6])["entity-2"]},
		{"in another place", "entity-3", moved},
		{"of another epoch", "entity-2", later},
		{"without a place", "no share 9.2", outside},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := p.Recover(quorum(c.share))
			if err == nil || !strings.Contains(err.Error(), c.culprit) || !strings.Contains(err.Error(), "1 of the 3 of group ops") {
				t.Fatalf("got %v, want %s named, and one share missing", err, c.culprit)
			}
			if c.name != "without a place" && !errors.Is(err, escrow.ErrBadShare) {
				t.Fatalf("%v is no ErrBadShare", err)
			}
		})
	}
	if _, err := p.Recover(quorum(shares["entity-2"])); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Recover(quorum(shares["entity-1"])); err == nil {
		t.Fatal("one share counted twice")
	}
}

func TestShareOpensForItsCustodianAlone(t *testing.T) {
	p := seal(t, newDealer(t), threeOfFive())
	place, err := p.Find("entity-0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.OpenShare(place, pool[3].suite, pool[3].key); err == nil {
		t.Fatal("another custodian opens the share")
	}
	sealed := &p.Parts[place.Part].Shares[place.Share]
	sealed.Sealed, p.Parts[0].Shares[3].Sealed = p.Parts[0].Shares[3].Sealed, sealed.Sealed
	if _, err := p.OpenShare(place, pool[0].suite, pool[0].key); err == nil {
		t.Fatal("a swapped share opens")
	}
	sealed.Key = p.Parts[0].Shares[3].Key
	if _, err := p.OpenShare(place, pool[3].suite, pool[3].key); err == nil {
		t.Fatal("a share moved to another place opens")
	}
	if _, err := p.Find("entity-9"); err == nil {
		t.Fatal("somebody who is no custodian has a share")
	}
}
