package hsmseal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// ErrUnknownVersion is a blob made by wrapping keys this tenant does not have:
// another tenant's, or a retired version's. It is also an envelope.ErrInvalid.
var ErrUnknownVersion = fmt.Errorf("%w: no wrapping key of this tenant made it", envelope.ErrInvalid)

// Sealer seals and opens for one tenant. OpenTenant makes it. Its methods may be
// called by many goroutines at once.
type Sealer struct {
	tenant   envelope.Tenant
	random   io.Reader
	current  envelope.KeyID
	versions map[uint32]keyVersion
}

// keyVersion is one version of the tenant's wrapping keys, with the tokens that
// hold it.
type keyVersion struct {
	id   envelope.KeyID
	keys []tokenKey
}

// tokenKey is one wrapping key in one token.
type tokenKey struct {
	name  string
	token worker.Token
	keyRef
}

// KeyID is the id of the version that Encrypt uses.
func (s *Sealer) KeyID() envelope.KeyID { return s.current }

// Encrypt seals a plaintext of 0 to envelope.MaxPlaintext bytes: a fresh data
// key, wrapped by every token of the tenant. One token that cannot wrap fails
// the call with its error, so that no blob depends on fewer tokens than asked.
func (s *Sealer) Encrypt(ctx context.Context, plaintext []byte) (string, error) {
	dataKey, err := envelope.NewDataKey(s.random)
	if err != nil {
		return "", err
	}
	defer clear(dataKey)
	version := s.versions[s.current.Version]
	blob := envelope.Blob{KeyID: version.id}
	for _, key := range version.keys {
		aad := envelope.WrapAAD(s.tenant, version.id, key.fingerprint, key.id)
		wrapped, err := key.token.Wrap(ctx, key.worker(), dataKey, aad)
		if err != nil {
			return "", fmt.Errorf("token %q: %w", key.name, err)
		}
		blob.Wraps = append(blob.Wraps, envelope.Wrap{
			Token: key.fingerprint, KeyID: key.id, Mechanism: key.mechanism, Wrapped: wrapped,
		})
	}
	if err := blob.Seal(s.tenant, dataKey, plaintext); err != nil {
		return "", fmt.Errorf("sealing: %v", err) // a blob at fault is ours, not the caller's
	}
	return blob.Text()
}

// Decrypt opens what Encrypt made, by any one token that has a wrap in it.
// Errors match envelope.ErrInvalid or worker.ErrCiphertext when the text is at
// fault, else what the tokens reported.
func (s *Sealer) Decrypt(ctx context.Context, text string) ([]byte, error) {
	blob, err := envelope.ParseText(text)
	if err != nil {
		return nil, err
	}
	version, ok := s.versions[blob.KeyID.Version]
	if !ok || version.id != blob.KeyID {
		return nil, ErrUnknownVersion
	}
	dataKey, err := s.unwrap(ctx, blob, version)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	return blob.Open(s.tenant, dataKey)
}

// unwrap asks the tokens in turn. A bad wrap and a bad token both mean: ask the
// next. The device's error wins in the result, since it may heal.
func (s *Sealer) unwrap(ctx context.Context, blob *envelope.Blob, version keyVersion) ([]byte, error) {
	result := ErrUnknownVersion
	for _, attempt := range version.attempts(blob.Wraps) {
		aad := envelope.WrapAAD(s.tenant, blob.KeyID, attempt.wrap.Token, attempt.wrap.KeyID)
		dataKey, err := attempt.key.token.Unwrap(ctx, attempt.key.worker(), attempt.wrap.Wrapped, aad)
		if err == nil {
			return dataKey, nil
		}
		if !errors.Is(result, worker.ErrDevice) {
			result = fmt.Errorf("token %q: %w", attempt.key.name, err)
		}
	}
	return nil, result
}

type attempt struct {
	key  tokenKey
	wrap envelope.Wrap
}

// attempts pairs wraps with the keys that may open them: same CKA_ID and
// mechanism. A key in the very token the wrap was made for goes first; others
// follow, since a token may be a clone or have been restored from a backup.
func (v keyVersion) attempts(wraps []envelope.Wrap) []attempt {
	var exact, others []attempt
	for _, key := range v.keys {
		for _, wrap := range wraps {
			switch {
			case !slices.Equal(wrap.KeyID, key.id) || wrap.Mechanism != key.mechanism:
			case wrap.Token == key.fingerprint:
				exact = append(exact, attempt{key, wrap})
			default:
				others = append(others, attempt{key, wrap})
			}
		}
	}
	return append(exact, others...)
}

func (k tokenKey) worker() worker.KeyRef {
	return worker.KeyRef{ID: k.id, Mechanism: k.mechanism}
}

// RoundTrip seals and opens a fresh value through the tokens: the only health
// check that a half-dead token cannot pass.
func (s *Sealer) RoundTrip(ctx context.Context) error {
	canary, err := envelope.NewDataKey(s.random)
	if err != nil {
		return err
	}
	text, err := s.Encrypt(ctx, canary)
	if err != nil {
		return err
	}
	back, err := s.Decrypt(ctx, text)
	if err != nil {
		return err
	}
	if !slices.Equal(back, canary) {
		return fmt.Errorf("%w: a canary came back changed", worker.ErrDevice)
	}
	return nil
}
