package migrate

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// guestPrefix begins the name of the key that a run makes in the source for the
// destination's wrapping key, and deletes at its end.
const guestPrefix = "palisade-migrate-"

// guest is the name of that key, the same in every run to one destination, so that what an
// interrupted run left is used and deleted by the next.
func (m *mover) guest(ctx context.Context) (string, error) {
	if m.guestName != "" {
		return m.guestName, nil
	}
	wrapping, err := m.To.WrappingKey(ctx, m.wrapping)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(wrapping))
	name := guestPrefix + hex.EncodeToString(digest[:8])
	there, err := m.From.ReadKey(ctx, name)
	if err != nil {
		return "", err
	}
	if there == nil {
		body := map[string]any{"type": m.wrapping, "public_key": wrapping}
		if _, err := m.From.Write(ctx, "keys/"+name+"/import", body); err != nil {
			return "", err
		}
	}
	m.guestName = name
	return name, nil
}

// removeGuests also deletes what interrupted runs left.
func (m *mover) removeGuests(ctx context.Context) error {
	names := m.leftover
	if m.guestName != "" && !slices.Contains(names, m.guestName) {
		names = append(names, m.guestName)
	}
	if m.DryRun {
		return nil
	}
	for _, name := range names {
		if err := m.From.Delete(ctx, name); err != nil {
			return fmt.Errorf("deleting %s/keys/%s, which holds the wrapping key of a destination: %w", m.From.Path(), name, err)
		}
	}
	return nil
}

// material is a version in the fields of an import: wrapped, or of one that has its public
// half alone, that.
func (m *mover) material(ctx context.Context, key *client.Key, number int) (map[string]any, error) {
	if m.publicOnly(ctx, key, number) {
		public, err := publicPEM(key, number)
		return map[string]any{"public_key": public}, err
	}
	guest, err := m.guest(ctx)
	if err != nil {
		return nil, err
	}
	wrapped, err := m.From.ExportWrapped(ctx, guest, key.Name+"/"+strconv.Itoa(number))
	if err != nil {
		return nil, err
	}
	ciphertext := wrapped[strconv.Itoa(number)]
	if ciphertext == "" {
		return nil, fmt.Errorf("version %d was not exported", number)
	}
	return map[string]any{"ciphertext": ciphertext}, nil
}

// publicOnly asks for a signature, as nothing shows whether an imported version has its
// private half, and the built-in engine panics when it is to export one that has not.
func (m *mover) publicOnly(ctx context.Context, key *client.Key, number int) bool {
	if !key.Imported || !key.Asymmetric() || !key.Signs || number < key.MinEncryption {
		return false
	}
	_, err := m.From.Write(ctx, "sign/"+key.Name, map[string]any{"input": "", "key_version": number, "context": "AA=="})
	var answer *api.ResponseError
	// The built-in engine answers 500 to that.
	return errors.As(err, &answer) && strings.Contains(strings.Join(answer.Errors, " "), "private")
}

// publicPEM is a public key as an import takes it: transit shows those of Ed25519 bare.
func publicPEM(key *client.Key, number int) (string, error) {
	text := key.Version(number).PublicKey
	if key.Type != "ed25519" {
		return text, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return "", errors.New("the public key does not decode")
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw))
	if err != nil {
		return "", fmt.Errorf("encoding the public key: %v", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// copyVersions imports what the destination has not: there is nil or a part of the key.
// Versions keep their numbers, since ciphertexts name them: the place of one that the source
// gives out no more is filled with the oldest that it does.
func (m *mover) copyVersions(ctx context.Context, key, there *client.Key) error {
	first := 1
	if there != nil {
		first = there.Latest + 1
	}
	for number := first; number <= key.Latest; number++ {
		body, err := m.material(ctx, key, sourceOf(key, number))
		if err != nil {
			return err
		}
		path := "keys/" + key.Name + "/import_version"
		if number == 1 {
			path = "keys/" + key.Name + "/import"
			body["type"] = key.Types()[0]
			body["derived"] = key.Derived
			body["exportable"] = key.Exportable
			body["allow_plaintext_backup"] = key.AllowPlaintextBackup
			body["allow_rotation"] = !key.Imported || key.ImportedRotation
		}
		if _, err := m.To.Write(ctx, path, body); err != nil {
			return fmt.Errorf("version %d: %w", number, err)
		}
	}
	return nil
}

// copySettings makes the rest of the key as it is at the source.
func (m *mover) copySettings(ctx context.Context, key, there *client.Key) error {
	for number := key.MinDecryption; number <= key.Latest; number++ {
		chain := key.Version(number).CertificateChain
		if chain == "" || there.Version(number).CertificateChain == chain {
			continue
		}
		body := map[string]any{"version": number, "certificate_chain": chain}
		if _, err := m.To.Write(ctx, "keys/"+key.Name+"/set-certificate", body); err != nil {
			return fmt.Errorf("certificate of version %d: %w", number, err)
		}
	}
	if sameSettings(key, there) {
		return nil
	}
	settings := map[string]any{
		"min_decryption_version": key.MinDecryption, "min_encryption_version": key.MinEncryption,
		"deletion_allowed": key.DeletionAllowed, "auto_rotate_period": key.AutoRotatePeriod,
	}
	if _, err := m.To.Write(ctx, "keys/"+key.Name+"/config", settings); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if key.MinAvailable == there.MinAvailable {
		return nil
	}
	// Destroys the filled places as well.
	if _, err := m.To.Write(ctx, "keys/"+key.Name+"/trim", map[string]any{"min_available_version": key.MinAvailable}); err != nil {
		return fmt.Errorf("min_available_version: %w", err)
	}
	return nil
}
