package threatauth

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth/decision"
	"github.com/palisade-vault/palisade/threatauth/respond"
	"github.com/palisade-vault/palisade/threatauth/risk"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

// configName is the one entry of the configuration's store.
const configName = "policy"

// Config is a mount's risk policy as stored.
type Config struct {
	Mode risk.Mode `json:"mode"`
	// Rules maps hard rules to actions, as risk.Policy has it: those that were configured.
	Rules map[string]risk.Action `json:"rules"`
	// Fault is the action when a part of the engine fails.
	Fault      risk.Action         `json:"fault"`
	Restricted respond.Restriction `json:"restricted"`
	// Retention is how many decisions of each class are kept.
	Retention int `json:"retention"`
}

// defaultConfig is the policy of a mount that nobody configured.
func defaultConfig() Config {
	return Config{
		Mode:  risk.Enforce,
		Rules: map[string]risk.Action{},
		Fault: risk.Restrict,
		Restricted: respond.Restriction{
			Policies: []string{"threatauth-restricted"},
			TTL:      5 * time.Minute,
			NumUses:  20,
		},
		Retention: decision.DefaultRetention,
	}
}

// policy is what decides: the stored rules over those that the signals ask for themselves,
// so that a signal of a later release is not without an action.
func (c Config) policy() risk.Policy {
	rules := risk.DefaultRules(signal.All())
	maps.Copy(rules, c.Rules)
	return risk.Policy{Rules: rules, Fault: c.Fault}
}

// config is the stored policy, or the default one. Beside an error it is one that denies on
// a fault: what the operator asked for is not known, and may be stricter than the default.
func (b *Backend) config(ctx context.Context, storage logical.Storage) (Config, error) {
	stored, err := b.configs.Get(ctx, storage, configName)
	if err == nil && stored != nil {
		err = stored.check()
	}
	switch {
	case err != nil:
		strict := defaultConfig()
		strict.Fault = risk.Deny
		return strict, err
	case stored == nil:
		return defaultConfig(), nil
	}
	return *stored, nil
}

// check holds a stored policy to what the path lets through. A value that is missing would
// else act as its zero: a token that lives for the mount's maximum, or no record kept.
func (c Config) check() error {
	actions := slices.AppendSeq([]risk.Action{c.Fault}, maps.Values(c.Rules))
	known := !slices.ContainsFunc(actions, func(a risk.Action) bool { return !a.Valid() })
	if !known || c.Mode != risk.Enforce && c.Mode != risk.Shadow || c.Retention < 1 {
		return errors.New("the stored risk policy is damaged")
	}
	return c.Restricted.Check()
}
