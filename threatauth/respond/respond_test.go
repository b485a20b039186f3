package respond_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth/respond"
)

var restriction = respond.Restriction{Policies: []string{"few"}, TTL: time.Minute, NumUses: 3}

// full is a token with everything that a restricted one may not have.
var full = &logical.Auth{
	LeaseOptions: logical.LeaseOptions{TTL: time.Hour, MaxTTL: 2 * time.Hour, Renewable: true},
	Alias:        &logical.Alias{Name: "alice"},
	GroupAliases: []*logical.Alias{{Name: "admins"}},
	EntityID:     "entity",
	DisplayName:  "alice",
	Policies:     []string{"all"},
	Metadata:     map[string]string{"username": "alice"},
	InternalData: map[string]any{"role": "all"},
	Period:       time.Hour,
	NumUses:      0,
	TokenType:    logical.TokenTypeBatch,
}

func TestRestricted(t *testing.T) {
	for source, bound := range map[string]string{"198.51.100.7": "198.51.100.7", "2001:db8::1": "2001:db8::1"} {
		auth, err := respond.Restricted(full, netip.MustParseAddr(source), restriction)
		if err != nil {
			t.Fatal(err)
		}
		if len(auth.BoundCIDRs) != 1 || auth.BoundCIDRs[0].String() != bound {
			t.Errorf("%s: bound to %v", source, auth.BoundCIDRs)
		}
		if auth.Alias != nil || auth.GroupAliases != nil || auth.EntityID != "" || auth.Period != 0 || !auth.NoDefaultPolicy || auth.TokenType != logical.TokenTypeService || auth.Renewable || !respond.IsRestricted(auth) {
			t.Errorf("%+v", auth)
		}
		if !cmp.Equal(auth.Policies, []string{"few"}) || auth.TTL != time.Minute || auth.ExplicitMaxTTL != time.Minute || auth.NumUses != 3 {
			t.Errorf("%+v", auth)
		}
	}
	if full.Metadata[respond.RestrictedKey] != "" || respond.IsRestricted(full) {
		t.Error("the full token was changed")
	}
	if auth, err := respond.Restricted(full, netip.Addr{}, restriction); !errors.Is(err, respond.ErrNoSource) || auth != nil {
		t.Errorf("a token bound to nothing: %v, %v", auth, err)
	}
}

func TestNoRestrictionNoToken(t *testing.T) {
	for _, r := range []respond.Restriction{
		{},
		{Policies: []string{"few"}},
		{TTL: time.Minute},
		{Policies: []string{"few"}, TTL: -1},
		{Policies: []string{"few", "root"}, TTL: time.Minute},
		{Policies: []string{"few"}, TTL: time.Minute, NumUses: -1},
	} {
		if auth, err := respond.Restricted(full, netip.MustParseAddr("198.51.100.7"), r); err == nil || auth != nil {
			t.Errorf("%+v gives a token: %v", r, auth)
		}
	}
}

func TestRefusal(t *testing.T) {
	if err := respond.Refusal("no").Error(); err == nil || err.Error() != "no" {
		t.Errorf("refusal %v", err)
	}
}
