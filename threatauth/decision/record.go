// Package decision keeps the records of what was decided about logins: those that a token
// rests on at once, those of refused logins after the answer, through a bounded queue.
package decision

import (
	"crypto/rand"
	"time"

	"github.com/palisade-vault/palisade/threatauth/risk"
)

// Outcome is what the client got. Its text is persisted.
type Outcome string

// The outcomes.
const (
	// Token is a full token.
	Token Outcome = "token"
	// RestrictedToken is a short one with few policies.
	RestrictedToken Outcome = "restricted_token"
	// RefusedCredential is a login whose credential was not right.
	RefusedCredential Outcome = "refused_credential"
	// RefusedBlocked is a right credential of a blocked principal.
	RefusedBlocked Outcome = "refused_blocked"
	// RefusedRisk is a right credential that the risk decision denied.
	RefusedRisk Outcome = "refused_risk"
)

// Refused reports whether the client got no token.
func (o Outcome) Refused() bool { return o != Token && o != RestrictedToken }

// CredentialRight reports whether the credential had been proved.
func (o Outcome) CredentialRight() bool { return o != RefusedCredential }

// Record is one decision.
type Record struct {
	// ID is Vault's request id, by which an audit line is joined to the record.
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Principal string    `json:"principal"`
	// Source is the client's address, "" if Vault gave none; Device the keyed digest of
	// its User-Agent, "" if none was passed on.
	Source string `json:"source"`
	Device string `json:"device"`
	// Decision is what risk asked for and Outcome what came of it: in shadow mode, and
	// where the credential was wrong, the two differ.
	Decision risk.Action `json:"decision"`
	Outcome  Outcome     `json:"outcome"`
	Mode     risk.Mode   `json:"mode"`
	// Refusal says what was wrong with a refused credential, "" for others.
	Refusal string `json:"refusal"`
	// Score is the sum of the known terms, in nats.
	Score   float64  `json:"score"`
	Reasons []Reason `json:"reasons"`
	// Faults name the parts of the engine that failed.
	Faults []string `json:"faults"`
}

// Reason is one finding, those that matter most come first.
type Reason struct {
	Signal string `json:"signal"`
	// Known is false where the signal had nothing to judge by.
	Known bool `json:"known"`
	// Weight is the finding's log-likelihood term, in nats.
	Weight float64 `json:"weight"`
	// Rules are the hard rules it met.
	Rules []string `json:"rules"`
	Text  string   `json:"text"`
	// Version is that of the data the finding rests on.
	Version string `json:"version"`
}

// maxID bounds the request ids that are taken as they are.
const maxID = 64

// RecordID is the id of the record of a request: Vault's request id, or a random one where
// that is no plain short name, since it becomes part of a storage key.
func RecordID(requestID string) string {
	plain := requestID != "" && len(requestID) <= maxID
	for _, c := range requestID {
		plain = plain && (c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	}
	if plain {
		return requestID
	}
	return rand.Text()
}
