package hsmseal

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Client tokens are 256 random bits, so a plain SHA-256 at rest is as strong as
// a slow hash: there is nothing to guess.
const (
	clientTokenPrefix = "hsmseal."
	clientTokenBytes  = 32
	hashesHeader      = "palisade hsmseal client tokens 1"
)

// ClientToken authenticates a caller. It prints as [redacted]; Reveal returns it.
type ClientToken struct{ value string }

// NewClientToken draws a token from random.
func NewClientToken(random io.Reader) (ClientToken, error) {
	raw := make([]byte, clientTokenBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return ClientToken{}, fmt.Errorf("reading randomness for a client token: %v", err)
	}
	return ClientToken{clientTokenPrefix + base64.RawURLEncoding.EncodeToString(raw)}, nil
}

// Reveal is the token itself, for the one that will use it.
func (t ClientToken) Reveal() string { return t.value }

// String redacts.
func (t ClientToken) String() string { return "[redacted]" }

// GoString redacts.
func (t ClientToken) GoString() string { return "[redacted]" }

// Format redacts under every verb.
func (t ClientToken) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "[redacted]") // a failing writer is fmt's to report
}

// tokenHash is what is kept of a client token.
type tokenHash [sha256.Size]byte

func hashClientToken(token string) tokenHash { return sha256.Sum256([]byte(token)) }

// tokenHashes are the client tokens of one tenant, oldest first.
type tokenHashes []tokenHash

// match compares with every hash, whether or not one matched before, so that
// time tells nothing about which did.
func (h tokenHashes) match(token tokenHash) bool {
	found := 0
	for i := range h {
		found |= subtle.ConstantTimeCompare(h[i][:], token[:])
	}
	return found == 1
}

// parseHashes reads a header line and one hash in hexadecimal a line, exactly as
// encode writes them.
func parseHashes(data []byte) (tokenHashes, error) {
	lines := strings.Split(string(data), "\n")
	if lines[0] != hashesHeader || lines[len(lines)-1] != "" || len(lines) < 2 {
		return nil, errors.New("not a file of client token hashes")
	}
	var out tokenHashes
	for i, line := range lines[1 : len(lines)-1] {
		raw, err := hex.DecodeString(line)
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("line %d is not a SHA-256 hash in hexadecimal", i+2)
		}
		out = append(out, tokenHash(raw))
	}
	if !bytes.Equal(out.encode(), data) {
		return nil, errors.New("hashes are not in the form the daemon writes")
	}
	return out, nil
}

func (h tokenHashes) encode() []byte {
	var out strings.Builder
	out.WriteString(hashesHeader + "\n")
	for _, hash := range h {
		out.WriteString(hex.EncodeToString(hash[:]) + "\n")
	}
	return []byte(out.String())
}

// loadHashes reads a tenant's file; none means no tokens.
func loadHashes(path string) (tokenHashes, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hashes, err := parseHashes(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	return hashes, nil
}

// IssueClientToken makes a token for the tenant and appends its hash to the
// tenant's file. A running daemon accepts it at once. The token is shown to
// nobody else and cannot be read back.
func IssueClientToken(config Config, tenant string, random io.Reader) (token ClientToken, err error) {
	if _, ok := config.Tenant(tenant); !ok {
		return ClientToken{}, fmt.Errorf("there is no tenant %q in the configuration", tenant)
	}
	if err := prepareStateDir(config); err != nil {
		return ClientToken{}, err
	}
	lock, err := lockFile(config.lockPath("client-tokens"), true)
	if err != nil {
		return ClientToken{}, fmt.Errorf("locking client tokens: %v", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := config.hashesPath(tenant)
	hashes, err := loadHashes(path)
	if err != nil {
		return ClientToken{}, err
	}
	made, err := NewClientToken(random)
	if err != nil {
		return ClientToken{}, err
	}
	hashes = append(hashes, hashClientToken(made.value))
	if err := replaceFile(path, hashes.encode()); err != nil {
		return ClientToken{}, fmt.Errorf("writing client tokens: %v", err)
	}
	return made, nil
}
