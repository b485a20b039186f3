package worker_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

var (
	keyRef  = worker.KeyRef{ID: []byte("key-1"), Mechanism: "aes-gcm"}
	keySpec = worker.KeySpec{ID: []byte("key-1"), Label: "test key", Mechanism: "aes-gcm"}
	dataKey = bytes.Repeat([]byte{7}, worker.DataKeySize)
	aad     = []byte("tenant")
)

func config(hsm *hsmtest.SoftHSM) worker.Config {
	return worker.Config{
		Name: "test", Module: hsm.Module, Label: hsm.Label, Serial: hsm.Serial,
		PIN: worker.PINSource{File: hsm.PINFile}, Environment: hsm.Environment(),
		StateDir: hsm.StateDir, Deadline: 5 * time.Second,
	}
}

func start(t *testing.T, config worker.Config) *worker.Supervised {
	t.Helper()
	log := hclog.New(&hclog.LoggerOptions{Output: t.Output(), Level: hclog.Info})
	token, err := worker.Start(t.Context(), config, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(token.Close)
	return token
}

func ensure(t *testing.T, token worker.Token) worker.KeyInfo {
	t.Helper()
	info, err := token.EnsureKey(t.Context(), keySpec)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func roundTrip(t *testing.T, token worker.Token) {
	t.Helper()
	wrapped, err := token.Wrap(t.Context(), keyRef, dataKey, aad)
	if err != nil {
		t.Fatal(err)
	}
	got, err := token.Unwrap(t.Context(), keyRef, wrapped, aad)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, dataKey) {
		t.Fatalf("unwrapped %x, want %x", got, dataKey)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func TestEnsureKeyAndRoundTrip(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	if info := ensure(t, token); !info.Created {
		t.Fatal("first EnsureKey did not create the key")
	}
	if info := ensure(t, token); info.Created || info.Attributes["CKA_NEVER_EXTRACTABLE"] != "true" {
		t.Fatalf("second EnsureKey answered %+v", info)
	}
	roundTrip(t, token)
	status, err := token.Status(t.Context())
	if err != nil || status.Restarts != 0 || len(status.Mechanisms) != 1 {
		t.Fatalf("status %+v, error %v", status, err)
	}
}
