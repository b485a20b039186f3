// Package client calls a mount of the transit API, served by the built-in engine or by
// pqtransit, over Vault's HTTP API. It knows no terminal, and nothing of how keys are stored.
package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"
)

// Mount is one mount of the transit API.
type Mount struct {
	vault *api.Client
	path  string // without slashes at its ends
}

// NewMount is the mount at that path, such as "transit".
func NewMount(vault *api.Client, path string) *Mount {
	return &Mount{vault: vault, path: strings.Trim(path, "/")}
}

// Path is where the mount is, without slashes at its ends.
func (m *Mount) Path() string { return m.path }

// Check is an error when there is no such mount, or the token has no access to it: a read
// below it would look like that of a mount without keys.
func (m *Mount) Check(ctx context.Context) error {
	about, err := m.vault.Logical().ReadWithContext(ctx, "sys/internal/ui/mounts/"+m.path)
	if err == nil && about == nil {
		return fmt.Errorf("there is no mount %s", m.path)
	}
	return err
}

// SplitKey tells the mount from the key in a path such as "transit/orders". The form of the
// vault command's own transit import, "transit/keys/orders", is read too.
func SplitKey(path string) (mount, key string, err error) {
	path = strings.Trim(path, "/")
	at := strings.LastIndex(path, "/")
	if at <= 0 {
		return "", "", fmt.Errorf("%q does not name a mount and a key, such as transit/orders", path)
	}
	mount, key = strings.TrimSuffix(path[:at], "/keys"), path[at+1:]
	return strings.TrimRight(mount, "/"), key, nil
}

// read answers nil where nothing is. Errors are those of package api, unchanged: whoever
// calls tells a refusal of Vault's from other faults by them.
func read[T any](ctx context.Context, m *Mount, path string, query map[string][]string) (*T, error) {
	secret, err := m.vault.Logical().ReadWithDataWithContext(ctx, m.path+"/"+path, query)
	return decode[T](secret, err)
}

// write answers nil where Vault answers without data.
func write[T any](ctx context.Context, m *Mount, path string, body any) (*T, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("failed to encode the request: %v", err)
	}
	secret, err := m.vault.Logical().WriteBytesWithContext(ctx, m.path+"/"+path, encoded)
	return decode[T](secret, err)
}

// Write posts a request to a path below the mount and returns the data of the answer, which
// may be nil. It is for requests that need no type of their own.
func (m *Mount) Write(ctx context.Context, path string, body map[string]any) (map[string]any, error) {
	answer, err := write[map[string]any](ctx, m, path, body)
	if err != nil || answer == nil {
		return nil, err
	}
	return *answer, nil
}

func decode[T any](secret *api.Secret, err error) (*T, error) {
	if err != nil || secret == nil || secret.Data == nil {
		return nil, err
	}
	encoded, err := json.Marshal(secret.Data)
	if err != nil {
		return nil, fmt.Errorf("failed to read Vault's answer: %v", err)
	}
	var data T
	if err := json.Unmarshal(encoded, &data); err != nil {
		return nil, fmt.Errorf("failed to read Vault's answer: %v", err)
	}
	return &data, nil
}
