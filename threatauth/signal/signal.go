// Package signal holds the risk signals: small pure functions that look at one login, what
// is remembered of its principal and what the feeds say of its source, and answer with a
// log-likelihood term and a reason.
//
// A new signal is one new file: a [Signal] value registered by a package variable. Nothing
// else names it. The package knows neither Vault nor storage, clock or network.
package signal

import (
	"net/netip"
	"time"

	"github.com/palisade-vault/palisade/threatauth/profile"
)

// Event is one login whose credential has been looked at already.
type Event struct {
	// Principal is the normalised name of who logs in.
	Principal string
	// Source is the client's address as Vault's listener says it, IPv4-mapped forms
	// unmapped; the zero Addr when Vault gives none.
	Source netip.Addr
	// Device is the keyed digest of the client's User-Agent; "" when none was passed on.
	Device string
	// Time is when the login arrived.
	Time time.Time
}

// Listing is one list that the source stands on.
type Listing struct {
	// Feed is the feed's name and Version the one that was consulted.
	Feed, Version string
	// Level is the feed's own weight for the entry, from 1: for ipsum the number of
	// blacklists that name the address.
	Level int
}

// Reputation is what the loaded feeds say of the source.
type Reputation struct {
	// Consulted is how many lists were asked; 0 means that nothing can be said.
	Consulted int
	// Listings are the lists that name the source, ordered by feed name.
	Listings []Listing
}

// Input is all that a signal may look at.
type Input struct {
	Event Event
	// Profile is what was remembered of the principal before this login; the zero value for
	// one never seen.
	Profile    profile.Profile
	Reputation Reputation
}

// Finding is a signal's answer for one login.
type Finding struct {
	// Signal is the name of the signal, filled in by [Assess].
	Signal string
	// Known is false when the signal has no data to judge by: no evidence either way, which
	// is not the same as a term of 0.
	Known bool
	// Term is the natural logarithm of p(observation | attacker) / p(observation | the real
	// principal): positive speaks for an attacker. Finite, and 0 when not Known.
	Term float64
	// Rules are the hard rules that the finding meets, which act whatever the terms say:
	// the signal's name, or "<kind>/<name>" as in "feed/ipsum".
	Rules []string
	// Reason is one sentence for the security team, never shown to the client.
	Reason string
	// Version names the data the finding rests on, such as "ipsum 2026-08-22"; "" for none.
	Version string
}

// Unknown is the finding of a signal that has nothing to judge by, and why.
func Unknown(reason string) Finding { return Finding{Reason: reason} }

// Signal is one way to judge a login.
type Signal struct {
	// Name is persisted in decisions and used in configuration; it is never renamed.
	Name string
	// Doc is one line that says what the signal looks at.
	Doc string
	// Technique is the MITRE ATT&CK technique the signal speaks of, such as "T1078", or ""
	// where none fits.
	Technique string
	// Rules are the hard rules the signal can meet, each by its name or its kind, with the
	// action (package risk) that it asks for until an operator says otherwise.
	Rules map[string]string
	// Assess judges one login. It must not keep or change its input.
	Assess func(Input) Finding
}
