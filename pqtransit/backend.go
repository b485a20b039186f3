// Package pqtransit is a Vault secrets engine: Vault's transit with post-quantum and hybrid
// keys and migration between algorithms by rotation. This package is the edge towards Vault
// alone: paths, parameters and answers. What a key is and may do is in package keyring, the
// algorithms are in package suite.
package pqtransit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/metrics"
	"github.com/palisade-vault/palisade/pqtransit/selftest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

type pqBackend struct {
	backend.Plugin
	keys     *keyring.Keyring
	rotation autoRotation
	slow     keyring.Turns
	workers  *backend.Workers
	tests    *selftest.Tests
	metrics  *metrics.Recorder
	looking  inventory
}

// Factory makes the engine for one mount.
func Factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	return newBackend(ctx, config, func(s *suite.Suite) error { return s.SelfTest() })
}

// newBackend is Factory with the self-test of one algorithm.
func newBackend(ctx context.Context, config *logical.BackendConfig, runTest func(*suite.Suite) error) (logical.Backend, error) {
	if config == nil {
		return nil, errors.New("the engine needs a configuration")
	}
	b := &pqBackend{
		rotation: autoRotation{now: time.Now},
		slow:     keyring.NewTurns(),
		workers:  backend.NewWorkers(runtime.GOMAXPROCS(0)-1, time.Now),
	}
	b.tests = selftest.New(selftest.Options{Suites: suite.All(), Run: runTest, Now: time.Now, Failed: b.logFailedTest})
	b.keys = b.newKeyring(config)
	b.metrics = metrics.New(b.metricSource())
	b.Backend = &framework.Backend{
		BackendType:    logical.TypeLogical,
		RunningVersion: backend.Version,
		Help:           strings.TrimSpace(help),
		PathsSpecial:   &logical.Paths{SealWrapStorage: keyring.StoragePrefixes()},
		Paths:          b.metered(b.paths()),
		Invalidate:     b.invalidate(config.StorageView),
		PeriodicFunc:   b.periodic,
		Clean:          b.flushAtEnd(config.StorageView),

		RotateCredential: b.rotateForHost,
	}
	if err := b.setUp(ctx, config); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *pqBackend) setUp(ctx context.Context, config *logical.BackendConfig) error {
	if err := b.Setup(ctx, config); err != nil {
		return fmt.Errorf("failed to set up the engine: %w", err)
	}
	return b.loadCacheSize(ctx, config.StorageView)
}

func (b *pqBackend) paths() []*framework.Path {
	return []*framework.Path{
		b.pathListKeys(),
		b.pathKeys(),
		b.pathConfig(),
		b.pathRotate(),
		b.pathTrim(),
		b.pathHistory(),
		b.pathJournal(),
		b.pathJournalVerify(),
		b.pathConfigKeys(),
		b.pathCacheConfig(),
		b.pathCryptoPolicy(),
		b.pathMetrics(),
		b.pathRandom(),
		b.pathHash(),
		b.pathDataKey(),
		b.pathDataKeys(),
		b.pathDerivedKeys(),
		b.pathExport(),
		b.pathBackup(),
		b.pathRestore(),
		b.pathHMAC(),
		b.pathCMAC(),
		b.pathCSR(),
		b.pathSetCertificate(),
		b.pathImport(),
		b.pathImportVersion(),
		b.pathWrappingKey(),
		b.pathRotateWrappingKey(),
		b.pathBYOKExport(),
		b.pathEncrypt(),
		b.pathDecrypt(),
		b.pathRewrap(),
		b.pathSign(),
		b.pathVerify(),
		b.pathEncapsulate(),
		b.pathDecapsulate(),
		b.pathAgeUnwrap(),
		b.pathSelfTest(),
		b.pathRollbackCheck(),
		b.pathPosture(),
	}
}

func (b *pqBackend) newKeyring(config *logical.BackendConfig) *keyring.Keyring {
	return keyring.New(keyring.Options{
		Rand: rand.Reader,
		Now:  time.Now,
		// Asked once: in a plugin each question is a call to Vault.
		Cache:  config.System == nil || !config.System.CachingDisabled(),
		Usable: b.tests.Check,
		Slow:   b.slow,
	})
}

// asAnswer makes the client's 400 of what the keyring refuses, once, at the edge.
func asAnswer(err error) error {
	var refusal *keyring.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return backend.Invalid("%s", itemError(0, refusal))
}

// named is a request that carries nothing but the key's name.
type named struct{ name string }

func decodeName(f *backend.Fields) named { return named{name: f.String("name")} }

func nameField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Description: "Name of the key",
	}
}

const help = `
The pqtransit engine encrypts, decrypts, rewraps, signs and verifies data with
named keys that never leave it, as the transit engine does, with the same paths
and parameters, and encapsulates shared secrets to keys made for that.
A key's versions may differ in algorithm: rotating an RSA key with
type=x25519-mlkem768 moves it to post-quantum encryption, while what its older
versions encrypted or signed stays readable.
`
