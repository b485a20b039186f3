package threatauth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/risk"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

const (
	maxRestrictedTTL = time.Hour
	maxRetention     = 1_000_000
	maxNumUses       = 1_000_000
	maxRules         = 1000
)

func pathConfig(b *Backend) []*framework.Path {
	return []*framework.Path{{
		Pattern: "risk/config$",
		Fields:  configFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeConfig, b.writeConfig), Summary: "Change the risk policy.", Responses: noContent,
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.readConfig), Summary: "Read the risk policy.",
				Responses: map[int][]framework.Response{200: {{Description: "The risk policy.", Fields: configFields()}}},
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.deleteConfig), Summary: "Return to the default risk policy.", Responses: noContent,
			},
		},
		HelpSynopsis:    "The risk policy: what is done about what the signals find.",
		HelpDescription: strings.TrimSpace(configHelp),
	}}
}

const configHelp = `
A write changes the parameters it names and leaves the others. Actions are
"deny", "restrict", "allow" and "ignore"; where several rules are met, the
strictest counts. In mode "shadow" every decision is recorded and none acts.

A restricted token is a service token with exactly restricted_policies ("default"
only if listed), no entity, restricted_ttl, restricted_num_uses, and bound to the
address it was issued to. Where that address is not known the login is denied,
and so is a login whose risk policy cannot be read. Leave the mount's token_type
at "default-service" (or "service"): one tuned to "batch" gets batch tokens from
Vault whatever a plugin asks for, and Vault counts no uses of these.
`

func configFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"mode": {Type: framework.TypeString, Description: `"enforce" (default), or "shadow" to record decisions and let none act.`},
		"actions": {
			Type:        framework.TypeCommaStringSlice,
			Description: `Actions of the hard rules, as rule=action: "feed" for any feed, "feed/<name>" for one, or a signal's name. Rules not named get their default.`,
		},
		"fault_action":        {Type: framework.TypeString, Description: `Action when a part of the risk engine fails (default "restrict").`},
		"restricted_policies": {Type: framework.TypeCommaStringSlice, Description: `Policies of a restricted token (default "threatauth-restricted").`},
		"restricted_ttl":      {Type: framework.TypeDurationSecond, Description: "Life of a restricted token, at most an hour (default 5m)."},
		"restricted_num_uses": {Type: framework.TypeInt, Description: "Requests that a restricted token may make; 0 is no limit (default 20)."},
		"decisions_to_keep":   {Type: framework.TypeInt, Description: "Decisions kept of right credentials, and as many of wrong ones (default 10000)."},
	}
}

// configParameters are the parameters with what each changes.
var configParameters = map[string]func(*backend.Fields) func(*Config){
	"mode": func(f *backend.Fields) func(*Config) {
		mode := risk.Mode(f.String("mode"))
		if mode != risk.Enforce && mode != risk.Shadow {
			f.Fail("mode must be %q or %q", risk.Enforce, risk.Shadow)
		}
		return func(c *Config) { c.Mode = mode }
	},
	"actions": func(f *backend.Fields) func(*Config) {
		rules := decodeRules(f, f.Strings("actions"))
		return func(c *Config) { c.Rules = rules }
	},
	"fault_action": func(f *backend.Fields) func(*Config) {
		action := decodeAction(f, "fault_action", f.String("fault_action"))
		return func(c *Config) { c.Fault = action }
	},
	"restricted_policies": func(f *backend.Fields) func(*Config) {
		policies := policyutil.ParsePolicies(f.Strings("restricted_policies"))
		if len(policies) == 0 || slices.Contains(policies, "root") || slices.Contains(policies, "") {
			f.Fail("restricted_policies must name at least one policy, and not root")
		}
		return func(c *Config) { c.Restricted.Policies = policies }
	},
	"restricted_ttl": func(f *backend.Fields) func(*Config) {
		ttl := f.Seconds("restricted_ttl")
		if ttl <= 0 || ttl > maxRestrictedTTL {
			f.Fail("restricted_ttl must be above 0 and at most %s", maxRestrictedTTL)
		}
		return func(c *Config) { c.Restricted.TTL = ttl }
	},
	"restricted_num_uses": func(f *backend.Fields) func(*Config) {
		uses := decodeRange(f, "restricted_num_uses", 0, maxNumUses)
		return func(c *Config) { c.Restricted.NumUses = uses }
	},
	"decisions_to_keep": func(f *backend.Fields) func(*Config) {
		keep := decodeRange(f, "decisions_to_keep", 1, maxRetention)
		return func(c *Config) { c.Retention = keep }
	},
}

// decodeConfig is the changes that a request asks for.
func decodeConfig(f *backend.Fields) []func(*Config) {
	var changes []func(*Config)
	for _, name := range slices.Sorted(maps.Keys(configParameters)) {
		if f.Has(name) {
			changes = append(changes, configParameters[name](f))
		}
	}
	return changes
}

func decodeRange(f *backend.Fields, name string, low, high int) int {
	value := f.Int(name)
	if value < low || value > high {
		f.Fail("%s must be from %d to %d", name, low, high)
	}
	return value
}

func decodeAction(f *backend.Fields, what, text string) risk.Action {
	action := risk.Action(text)
	if !action.Valid() {
		f.Fail("%s must be one of %s", what, risk.ActionNames())
	}
	return action
}

// decodeRules reads rule=action pairs. A rule must be one that a signal knows, or of a kind
// that one knows: a slip would else silently not act.
func decodeRules(f *backend.Fields, pairs []string) map[string]risk.Action {
	rules := map[string]risk.Action{}
	known := risk.DefaultRules(signal.All())
	for _, pair := range pairs {
		rule, action, _ := strings.Cut(pair, "=")
		kind, name, named := strings.Cut(rule, "/")
		if _, ok := known[kind]; !ok || named && name == "" || len(rule) > maxText {
			f.Fail("actions: unknown rule %q, known are %s", rule, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		if _, twice := rules[rule]; twice {
			f.Fail("actions: %s comes twice", rule)
		}
		rules[rule] = decodeAction(f, "actions: "+rule, action)
	}
	if len(rules) > maxRules {
		f.Fail("actions: more than %d rules", maxRules)
	}
	return rules
}

func (b *Backend) writeConfig(ctx context.Context, r *logical.Request, changes []func(*Config)) (*logical.Response, error) {
	return nil, b.configs.Update(ctx, r.Storage, configName, func(stored *Config) (*Config, error) {
		if stored == nil {
			config := defaultConfig()
			stored = &config
		}
		for _, change := range changes {
			change(stored)
		}
		return stored, stored.check()
	})
}

func (b *Backend) readConfig(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	c, err := b.config(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	rules := c.policy().Rules
	actions := make([]string, 0, len(rules))
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		actions = append(actions, fmt.Sprintf("%s=%s", rule, rules[rule]))
	}
	return &logical.Response{Data: map[string]any{
		"mode":                string(c.Mode),
		"actions":             actions,
		"fault_action":        string(c.Fault),
		"restricted_policies": c.Restricted.Policies,
		"restricted_ttl":      int64(c.Restricted.TTL / time.Second),
		"restricted_num_uses": c.Restricted.NumUses,
		"decisions_to_keep":   c.Retention,
	}}, nil
}

func (b *Backend) deleteConfig(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	return nil, b.configs.Delete(ctx, r.Storage, configName)
}
