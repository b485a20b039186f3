package client

import "context"

// Key is what a mount shows of a key to all who may read it.
type Key struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Latest  int    `json:"latest_version"`
	Derived bool   `json:"derived"`
}

// ReadKey is the key of that name, nil where there is none.
func (m *Mount) ReadKey(ctx context.Context, name string) (*Key, error) {
	return read[Key](ctx, m, "keys/"+name, nil)
}
