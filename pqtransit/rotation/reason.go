package rotation

import "time"

// Reason is why a key has a version. Its values are persisted.
type Reason string

// The reasons.
const (
	Creation   Reason = "creation"   // the key was made
	Import     Reason = "import"     // the version came from outside
	Request    Reason = "request"    // somebody rotated the key
	Period     Reason = "period"     // auto_rotate_period was over
	Schedule   Reason = "schedule"   // rotation_schedule said so
	Operations Reason = "operations" // the version had done auto_rotate_max_operations
	Bytes      Reason = "bytes"      // the version had seen auto_rotate_max_bytes
	Policy     Reason = "policy"     // a policy of the mount demanded another algorithm
	Unknown    Reason = "unknown"    // not recorded: made by the built-in engine, or restored
)

// Actor is who made a request, as Vault names him. The zero value is nobody: the engine
// itself, or not recorded.
type Actor struct {
	// EntityID is empty for a token without an entity, such as a root token.
	EntityID string `json:"entity_id,omitempty"`
	// DisplayName is the token's.
	DisplayName string `json:"display_name,omitempty"`
}

// Cause is why and by whom a version was made.
type Cause struct {
	Reason Reason
	Actor  Actor
}

// Record is one version in a key's history.
type Record struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"` // the version's creation
	Reason  Reason    `json:"reason"`
	Actor   Actor     `json:"actor"`
	From    string    `json:"from"` // algorithm of the version before; empty for the first, and where not recorded
	To      string    `json:"to"`
}
