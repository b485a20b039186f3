package respond_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth/respond"
)

var restriction = respond.Restriction{Policies: []string{"few"}, TTL: time.Minute, NumUses: 3}

func TestRestricted(t *testing.T) {
	for source, bound := range map[string]string{"198.51.100.7": "198.51.100.7", "2001:db8::1": "2001:db8::1"} {
		auth, err := respond.Restricted("alice", netip.MustParseAddr(source), restriction)
		if err != nil {
			t.Fatal(err)
		}
		if len(auth.BoundCIDRs) != 1 || auth.BoundCIDRs[0].String() != bound {
			t.Errorf("%s: bound to %v", source, auth.BoundCIDRs)
		}
		if auth.Alias != nil || !auth.NoDefaultPolicy || auth.TokenType != logical.TokenTypeService || auth.Renewable || !respond.IsRestricted(auth) {
			t.Errorf("%+v", auth)
		}
		if !cmp.Equal(auth.Policies, []string{"few"}) || auth.TTL != time.Minute || auth.ExplicitMaxTTL != time.Minute || auth.NumUses != 3 {
			t.Errorf("%+v", auth)
		}
	}
	if auth, err := respond.Restricted("alice", netip.Addr{}, restriction); !errors.Is(err, respond.ErrNoSource) || auth != nil {
		t.Errorf("a token bound to nothing: %v, %v", auth, err)
	}
}

func TestFull(t *testing.T) {
	auth := respond.Full("alice", tokenutil.TokenParams{TokenPolicies: []string{"dev"}, TokenTTL: time.Hour})
	if auth.Alias.Name != "alice" || auth.Metadata["username"] != "alice" || !auth.Renewable || auth.TTL != time.Hour || respond.IsRestricted(auth) {
		t.Errorf("%+v", auth)
	}
}

func TestRefusal(t *testing.T) {
	if err := respond.Refusal().Error(); err == nil || err.Error() != "invalid username or password" {
		t.Errorf("refusal %v", err)
	}
}
