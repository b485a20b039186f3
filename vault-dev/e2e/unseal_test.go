package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/process"
)

// second is a Vault whose unseal key is a key of the shared Vault's engine.
type second struct {
	t      *testing.T
	config vaultdev.Config // for its folder alone
	binary string
	client *api.Client
}

func newSecond(t *testing.T, key string) *second {
	t.Helper()
	port, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	s := &second{t: t, config: vaultdev.Config{Dir: dir}, binary: filepath.Join(dev.Dir, "bin", "vault")}
	for _, folder := range []string{filepath.Join(dir, "raft"), filepath.Dir(s.config.VaultLog()), filepath.Dir(s.config.VaultPIDFile())} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{".palisade-dev": "", "vault.hcl": fmt.Sprintf(`
api_addr      = "http://127.0.0.1:%[1]d"
cluster_addr  = "https://127.0.0.1:%[2]d"
disable_mlock = true
storage "raft" {
  path                   = %[3]q
  node_id                = "second"
  performance_multiplier = 1
}
listener "tcp" {
  address     = "127.0.0.1:%[1]d"
  tls_disable = true
}
seal "transit" {
  address     = %[4]q
  token       = %[5]q
  mount_path  = "pqtransit/"
  key_name    = %[6]q
  tls_ca_cert = %[7]q
}
`, port, port+1, filepath.Join(dir, "raft"), dev.Address(), sealToken(t), key, dev.CAFile())}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch.add(dir); err != nil { // after the marker is there
		t.Fatal(err)
	}
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = fmt.Sprintf("http://127.0.0.1:%d", port), 0
	if s.client, err = api.NewClient(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

func (s *second) start() {
	s.t.Helper()
	_, err := process.Start(process.Spec{
		Program: s.binary, Args: []string{"server", "-config", filepath.Join(s.config.Dir, "vault.hcl")},
		Env: os.Environ(), Log: s.config.VaultLog(), PIDFile: s.config.VaultPIDFile(), Mark: s.binary,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *second) stop() {
	if err := process.Stop(context.Background(), s.config.VaultPIDFile(), 15*time.Second); err != nil {
		s.t.Error(err)
	}
}

// wait waits until health is as it should be.
func (s *second) wait(what string, ready func(*api.HealthResponse) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	err := process.Poll(ctx, func() bool {
		health, err := s.client.Sys().HealthWithContext(ctx)
		return err == nil && ready(health)
	})
	if err != nil {
		s.t.Fatalf("not %s: %v; the end of its log:\n%s", what, err, process.Tail(s.config.VaultLog(), 15))
	}
}

func (s *second) restart() {
	s.t.Helper()
	s.stop()
	s.start()
	s.wait("unsealed by itself", func(h *api.HealthResponse) bool { return h.Initialized && !h.Sealed && !h.Standby })
}

// A second Vault keeps its unseal key in the engine: it initialises, and unseals by itself at
// each start, also after that key was rotated, and after it became post-quantum.
func TestSecondVaultUnsealsThroughTheEngine(t *testing.T) {
	t.Parallel()
	client, key := root(t), makeKey(t, "aes256-gcm96")
	s := newSecond(t, key)
	s.start()
	s.wait("up", func(h *api.HealthResponse) bool { return !h.Initialized })
	made, err := s.client.Sys().InitWithContext(t.Context(), &api.InitRequest{RecoveryShares: 1, RecoveryThreshold: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.client.SetToken(made.RootToken)
	s.wait("unsealed", func(h *api.HealthResponse) bool { return !h.Sealed && !h.Standby })
	policy := `path "kept" { capabilities = ["read"] }`
	if err := s.client.Sys().PutPolicyWithContext(t.Context(), "kept", policy); err != nil {
		t.Fatal(err)
	}
	for _, rotation := range []object{nil, {}, {"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true}} {
		if rotation != nil {
			write(t, client, "pqtransit/keys/"+key+"/rotate", rotation)
		}
		s.restart()
		if got, err := s.client.Sys().GetPolicyWithContext(t.Context(), "kept"); err != nil || got != policy {
			t.Fatalf("after rotation %v: %q, %v", rotation, got, err)
		}
	}
	s.rekey(made.RecoveryKeysB64[0])
	s.restart()
}

// rekey has the second Vault wrap a new recovery key with the key's latest version.
func (s *second) rekey(old string) {
	s.t.Helper()
	begun, err := s.client.Sys().RekeyRecoveryKeyInitWithContext(s.t.Context(), &api.RekeyInitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	done, err := s.client.Sys().RekeyRecoveryKeyUpdateWithContext(s.t.Context(), old, begun.Nonce)
	if err != nil || !done.Complete {
		s.t.Fatalf("rekey: %+v, %v", done, err)
	}
}
