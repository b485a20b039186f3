package client

import (
	"context"
	"fmt"
)

// Stranded is a key that the built-in engine could not serve after the mount went back to it.
type Stranded struct {
	Name string `json:"name"`
	// Types are the algorithms of the key's versions, by number.
	Types   map[string]string `json:"types"`
	Reasons []string          `json:"reasons"`
}

// Rollback is what going back to the built-in engine would cost.
type Rollback struct {
	Mount string `json:"mount"`
	// Total is how many keys the mount has.
	Total int        `json:"total"`
	Keys  []Stranded `json:"stranded"`
	// Ignored are other keys, with settings that the built-in engine would not obey.
	Ignored []string `json:"settings_ignored"`
}

// PQTransit reports whether pqtransit serves the mount.
func (m *Mount) PQTransit(ctx context.Context) (bool, error) {
	page, err := read[map[string]any](ctx, m, "rollback-check", map[string][]string{"limit": {"1"}})
	return page != nil, err
}

// RollbackCheck lists the keys that the built-in engine could not serve. It changes nothing.
// seen, if it is not nil, is called with the number of keys that each answer held.
func (m *Mount) RollbackCheck(ctx context.Context, seen func(int)) (*Rollback, error) {
	found := &Rollback{Mount: m.path, Keys: []Stranded{}, Ignored: []string{}}
	after := ""
	for {
		page, err := read[struct {
			Keys    []Stranded `json:"keys"`
			Next    string     `json:"next"`
			Total   int        `json:"total"`
			Ignored []string   `json:"settings_ignored"`
		}](ctx, m, "rollback-check", map[string][]string{"after": {after}})
		switch {
		case err != nil:
			return nil, err
		case page == nil:
			return nil, fmt.Errorf("%s/rollback-check does not exist: the mount is not served by pqtransit, or there is none", m.path)
		}
		found.Keys, found.Total = append(found.Keys, page.Keys...), page.Total
		found.Ignored = append(found.Ignored, page.Ignored...)
		if seen != nil {
			seen(len(page.Keys))
		}
		if page.Next == "" {
			return found, nil
		}
		if page.Next <= after {
			return nil, fmt.Errorf("%s/rollback-check does not advance behind %q", m.path, after)
		}
		after = page.Next
	}
}
