// Package agefile opens age files (age-encryption.org) with keys of a mount, whose private
// halves never leave it: only a stanza of a file's header goes to Vault.
package agefile

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// stanzaType is that of age's post-quantum recipients.
const stanzaType = "mlkem768x25519"

// Identity is a key of a mount as age knows identities. It is for one goroutine.
type Identity struct {
	// Context ends what is asked of Vault; age hands none on.
	Context context.Context
	Mount   *client.Mount
	Key     string
	// Refused is why Vault opened none of the last file's stanzas, empty where it did or was
	// not asked.
	Refused string
}

var _ age.Identity = &Identity{}

// Unwrap asks Vault about the stanzas that may be for the key. A refusal of Vault's as a
// whole, such as of the token, is an error of its own; age then asks no other identity.
func (i *Identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	i.Refused = ""
	candidates, err := candidates(stanzas)
	if err != nil {
		return nil, err
	}
	if len(candidates) == 0 {
		return nil, age.ErrIncorrectIdentity
	}
	results, err := i.Mount.AgeUnwrap(i.Context, i.Key, candidates)
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		if result.Error == "" && len(result.FileKey) > 0 {
			return result.FileKey, nil
		}
		i.Refused = result.Error
	}
	return nil, age.ErrIncorrectIdentity
}

func candidates(stanzas []*age.Stanza) ([]client.AgeStanza, error) {
	var found []client.AgeStanza
	for _, stanza := range stanzas {
		if stanza.Type != stanzaType {
			continue
		}
		if len(stanza.Args) != 1 {
			return nil, errors.New("the file's header has a malformed stanza")
		}
		enc, err := base64.RawStdEncoding.Strict().DecodeString(stanza.Args[0])
		if err != nil {
			return nil, errors.New("the file's header has a malformed stanza")
		}
		found = append(found, client.AgeStanza{Enc: enc, Body: stanza.Body})
	}
	if len(found) > client.MaxBatch {
		return nil, fmt.Errorf("the file has %d recipients, more than %d", len(found), client.MaxBatch)
	}
	return found, nil
}

// Decrypt reads the plaintext of a file, binary or armored. What it gives is authentic piece
// by piece; that the file is whole is known only when reading ends with io.EOF.
func Decrypt(identity *Identity, file io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(file)
	if start, err := buffered.Peek(len(armor.Header)); err == nil && string(start) == armor.Header {
		file = armor.NewReader(buffered)
	} else {
		file = buffered
	}
	plaintext, err := age.Decrypt(file, identity)
	if nobody, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, identity.nobody(nobody)
	}
	return plaintext, err
}

func (i *Identity) nobody(err *age.NoIdentityMatchError) error {
	if i.Refused == "" {
		return fmt.Errorf("the file is not encrypted to a post-quantum recipient (age1pq1...), but to %q", err.StanzaTypes)
	}
	return fmt.Errorf("key %s of %s does not open the file: %s", i.Key, i.Mount.Path(), i.Refused)
}
