package keyring_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// Keys are rotated, trimmed, configured, backed up, restored, deleted and dropped from the
// cache while others use them: whatever a use gets is whole, and nothing stands still.
func TestEverythingAtOnce(t *testing.T) {
	m := newMount(t)
	ctx := t.Context()
	sha, _ := digest.Lookup(digest.Default)
	work := map[string]func(name string) error{
		"create": func(name string) error {
			for _, algorithm := range []string{symmetric, hybrid} {
				spec := keyring.Spec{Type: algorithm, Exportable: true, AllowPlaintextBackup: true, AutoRotatePeriod: time.Hour}
				if _, _, err := m.keys.Create(ctx, m.storage, name, spec); err != nil {
					return err
				}
			}
			return nil
		},
		"rotate": func(name string) error {
			_, err := m.keys.Rotate(ctx, m.storage, name, keyring.Rotation{})
			return err
		},
		"trim": func(name string) error {
			key, err := m.keys.Get(ctx, m.storage, name)
			if err != nil || key == nil {
				return err
			}
			to := keyring.Configuration{MinDecryption: new(key.Latest), MinEncryption: new(key.Latest), DeletionAllowed: new(true)}
			if _, err := m.keys.Configure(ctx, m.storage, name, to); err != nil {
				return err
			}
			_, err = m.keys.Trim(ctx, m.storage, name, &key.Latest)
			return err
		},
		"restore": func(name string) error {
			text, err := m.keys.Backup(ctx, m.storage, name)
			if err != nil {
				return err
			}
			_, err = m.keys.Restore(ctx, m.storage, "", text, true)
			return err
		},
		"auto-rotate": func(string) error {
			_, err := m.keys.Maintain(ctx, m.storage, time.Now().Add(2*time.Hour))
			return err
		},
		"settings": func(name string) error {
			// Versions are destroyed and limits reached while others work with them.
			to := keyring.Configuration{AutoRotatePeriod: new(time.Duration(0)), Rotation: rotation.Change{
				Schedule: new("* * * * *"), RetainVersions: new(2), DestroyDecryptable: new(true), MaxOperations: new(int64(1000)),
			}}
			if _, err := m.keys.Configure(ctx, m.storage, name, to); err != nil {
				return err
			}
			to.Rotation = rotation.Change{Schedule: new(""), RetainVersions: new(0), MaxOperations: new(int64(-1))}
			_, err := m.keys.Configure(ctx, m.storage, name, to)
			return err
		},
		"work": func(name string) error {
			key, err := m.keys.Get(ctx, m.storage, name)
			if err != nil || key == nil {
				return err
			}
			var work keyring.Work
			for range 300 {
				work.Add(0, 1)
			}
			key, err = m.keys.Reserve(ctx, m.storage, key, work)
			if err == nil {
				_, _, err = key.Encrypt(keyring.Parameters{}, []byte("x"))
			}
			return err
		},
		"look": func(name string) error {
			key, err := m.keys.Get(ctx, m.storage, name)
			if err != nil || key == nil {
				return err
			}
			if _, err := m.keys.History(ctx, m.storage, key); err != nil {
				return err
			}
			if _, err := m.keys.Uses(ctx, m.storage, key); err != nil {
				return err
			}
			_, _, err = m.keys.Journal().Verify(ctx, m.storage)
			return err
		},
		"flush": func(string) error {
			if err := m.keys.FlushUsage(ctx, m.storage, time.Now().Add(time.Hour), 10); err != nil {
				return err
			}
			return m.keys.EndUsage(ctx, m.storage)
		},
		"delete":     func(name string) error { return m.keys.Delete(ctx, m.storage, name) },
		"invalidate": func(name string) error { m.keys.Invalidate("policy/" + name); return nil },
		"resize":     func(name string) error { m.keys.SetCacheSize(len(name)); return nil },
		"encrypt":    func(name string) error { return useOnce(t, m.keys, m.storage, name) },
		"authenticate": func(name string) error {
			key, err := m.keys.Get(ctx, m.storage, name)
			if err != nil || key == nil {
				return err
			}
			mac, err := key.NewHMAC(sha, 0)
			if err != nil {
				return err
			}
			if valid, err := key.HMACVerifier(sha).Verify([]byte("x"), mac.Sum([]byte("x"))); !valid || err != nil {
				return fmt.Errorf("valid %v, %w", valid, err)
			}
			return nil
		},
	}
	var group sync.WaitGroup
	for kind, do := range work {
		for i := range 2 {
			group.Go(func() {
				for range 30 {
					var refusal *keyring.Refusal
					if err := do(fmt.Sprintf("k%d", i)); err != nil && !errors.As(err, &refusal) {
						t.Errorf("%s: %v", kind, err)
						return
					}
				}
			})
		}
	}
	group.Wait()
}
