package client

import (
	"context"
	"fmt"

	"github.com/palisade-vault/palisade/pqtransit/posture"
)

type posturePage struct {
	Keys []posture.KeyReport `json:"keys"`
	Next string              `json:"next"`
}

// Posture calls each with what the mount reports of some keys in the order of their names, at
// least once, until all were reported. An error of each ends it.
func (m *Mount) Posture(ctx context.Context, each func([]posture.KeyReport) error) error {
	after := ""
	for {
		page, err := m.posture(ctx, after)
		if err != nil {
			return err
		}
		if err := each(page.Keys); err != nil || page.Next == "" {
			return err
		}
		after = page.Next
	}
}

func (m *Mount) posture(ctx context.Context, after string) (*posturePage, error) {
	page, err := read[posturePage](ctx, m, "posture", map[string][]string{"after": {after}})
	switch {
	case err != nil:
		return nil, err
	case page == nil:
		return nil, fmt.Errorf("%s/posture does not exist: the mount is not served by pqtransit, or there is none", m.path)
	case page.Next != "" && page.Next <= after:
		return nil, fmt.Errorf("%s/posture does not advance behind %q", m.path, after)
	}
	return page, nil
}
