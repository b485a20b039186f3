package hsmseal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

// stateVersion is the form of a tenant's state file.
const stateVersion = 1

// State is what is remembered of a tenant's wrapping keys; the keys are in the
// tokens. Without it the daemon could not tell a new tenant from one whose keys
// were lost.
type State struct {
	// Form is 1.
	Form int `json:"form"`
	// Tenant is what the tenant's blobs are bound to.
	Tenant StateTenant `json:"tenant"`
	// Current is the version that encrypts; a member of Versions.
	Current uint32 `json:"current"`
	// Versions holds every version that decrypts, oldest first.
	Versions []StateVersion `json:"versions"`
}

// StateTenant is an envelope.Tenant as stored.
type StateTenant struct {
	Namespace string `json:"namespace"`
	MountPath string `json:"mount_path"`
	KeyName   string `json:"key_name"`
}

// StateVersion is one version of a tenant's wrapping keys.
type StateVersion struct {
	// KeyID is what Vault stores beside each blob, "v1-0123abcd".
	KeyID string `json:"key_id"`
	// Created is when the version was made, in UTC, to the second.
	Created time.Time `json:"created"`
	// Keys has one key for each token that holds this version.
	Keys []StateKey `json:"keys"`
}

// StateKey is one wrapping key in one token.
type StateKey struct {
	// Token is the token's name in the configuration.
	Token string `json:"token"`
	// Fingerprint is the token's as blobs carry it, in hexadecimal.
	Fingerprint string `json:"fingerprint"`
	// Mechanism is the registry name of how data keys are wrapped.
	Mechanism string `json:"mechanism"`
	// ID is the CKA_ID, in hexadecimal.
	ID string `json:"id"`
}

// ParseState reads the bytes of a state file, exactly as Encode writes them.
func ParseState(data []byte) (State, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var state State
	if err := decoder.Decode(&state); err != nil {
		return State{}, fmt.Errorf("not a tenant state: %v", err)
	}
	if state.Form != stateVersion {
		return State{}, fmt.Errorf("tenant state has form %d, this release reads %d", state.Form, stateVersion)
	}
	if err := state.check(); err != nil {
		return State{}, err
	}
	again, err := state.Encode()
	if err != nil {
		return State{}, err
	}
	if !bytes.Equal(again, data) {
		return State{}, errors.New("tenant state is not in the form the daemon writes")
	}
	return state, nil
}

// Encode writes the state in its only form.
func (s State) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding tenant state: %v", err)
	}
	return append(data, '\n'), nil
}

func (s State) check() error {
	if len(s.Versions) == 0 {
		return errors.New("tenant state has no versions")
	}
	var last uint32
	for _, version := range s.Versions {
		id, err := envelope.ParseKeyID(version.KeyID)
		if err != nil {
			return fmt.Errorf("tenant state: %v", err)
		}
		if id.Version <= last {
			return errors.New("tenant state: versions are repeated or out of order")
		}
		last = id.Version
		if err := version.check(); err != nil {
			return fmt.Errorf("tenant state: version %d: %v", id.Version, err)
		}
	}
	if _, ok := s.version(s.Current); !ok {
		return fmt.Errorf("tenant state: current version %d is not among the versions", s.Current)
	}
	return nil
}

func (v StateVersion) check() error {
	if len(v.Keys) == 0 || len(v.Keys) > envelope.MaxWraps {
		return fmt.Errorf("has %d keys", len(v.Keys))
	}
	for i, key := range v.Keys {
		for _, other := range v.Keys[:i] {
			if err := key.distinct(other); err != nil {
				return err
			}
		}
		if _, err := key.ref(); err != nil {
			return err
		}
	}
	return nil
}

// distinct refuses what would give a blob two wraps for one token.
func (k StateKey) distinct(other StateKey) error {
	switch {
	case k.Token == other.Token:
		return fmt.Errorf("token %q has two keys", k.Token)
	case k.Fingerprint == other.Fingerprint && k.ID == other.ID:
		return fmt.Errorf("tokens %q and %q are one, or cannot be told apart: manufacturer, model, serial number and label are equal",
			other.Token, k.Token)
	}
	return nil
}

// keyRef is a StateKey decoded.
type keyRef struct {
	fingerprint envelope.TokenID
	id          []byte
	mechanism   string
}

func (k StateKey) ref() (keyRef, error) {
	out := keyRef{mechanism: k.Mechanism}
	token, err := hex.DecodeString(k.Fingerprint)
	if err != nil || len(token) != envelope.TokenSize || hex.EncodeToString(token) != k.Fingerprint {
		return out, fmt.Errorf("token %q has a malformed fingerprint", k.Token)
	}
	copy(out.fingerprint[:], token)
	out.id, err = hex.DecodeString(k.ID)
	if err != nil || len(out.id) < 1 || len(out.id) > envelope.MaxKeyID || hex.EncodeToString(out.id) != k.ID {
		return out, fmt.Errorf("token %q has a malformed key id", k.Token)
	}
	if k.Token == "" || k.Mechanism == "" {
		return out, errors.New("a key without token or mechanism")
	}
	return out, nil
}

// version returns the version of that number. Key ids have been checked.
func (s State) version(number uint32) (StateVersion, bool) {
	for _, version := range s.Versions {
		if id, err := envelope.ParseKeyID(version.KeyID); err == nil && id.Version == number {
			return version, true
		}
	}
	return StateVersion{}, false
}

func stateTenant(t envelope.Tenant) StateTenant {
	return StateTenant{Namespace: t.Namespace, MountPath: t.MountPath, KeyName: t.KeyName}
}
