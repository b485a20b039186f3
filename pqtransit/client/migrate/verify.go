package migrate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// probe is a thing that one mount makes with a version of a key, and the other checks.
type probe struct {
	make, check string // paths before the name
	input       string // field of the fresh random bytes
	made        string // field of what is made, and is to be checked
	back        string // field in which check gives the input back; "" where it says valid
}

var (
	encryption    = probe{make: "encrypt/", check: "decrypt/", input: "plaintext", made: "ciphertext", back: "plaintext"}
	signing       = probe{make: "sign/", check: "verify/", input: "input", made: "signature"}
	hmac          = probe{make: "hmac/", check: "verify/", input: "input", made: "hmac"}
	cmac          = probe{make: "cmac/", check: "verify/", input: "input", made: "cmac"}
	encapsulation = probe{make: "encapsulate/", check: "decapsulate/", made: "ciphertext", back: "shared_secret"}

	errNotVerified     = errors.New("what the source made does not open or verify at the destination: the two keys differ")
	errNothingToVerify = errors.New("the source can make nothing that the versions at the destination could be verified by")
)

// probeOf is what shows most of a version.
func probeOf(key *client.Key, number int) probe {
	switch purpose := key.Version(number).Purpose; {
	case purpose == "key-encapsulation":
		return encapsulation
	case strings.HasPrefix(purpose, "encryption"), purpose == "" && key.Encrypts:
		return encryption
	case purpose == "signing", purpose == "" && key.Signs:
		return signing
	case strings.HasSuffix(key.Type, "-cmac"):
		return cmac
	}
	return hmac
}

// verify holds the destination's key against the source's, version by version, and answers
// those that it could tell the same. It is an error when there is nothing to tell them by.
func (m *mover) verify(ctx context.Context, key, there *client.Key) ([]int, error) {
	var verified []int
	shown := false
	for number := 1; number <= there.Latest; number++ {
		same, public, err := m.sameVersion(ctx, key, there, number)
		if err != nil {
			return nil, fmt.Errorf("version %d: %w", number, err)
		}
		shown = shown || same || public
		if same && number == sourceOf(key, number) {
			verified = append(verified, number)
		}
	}
	if !shown {
		return nil, errNothingToVerify
	}
	return verified, nil
}

// sameVersion tells by use whether a version of the destination is the source's, and public
// whether the two have the same public half. Where either shows that they differ it is an
// error.
func (m *mover) sameVersion(ctx context.Context, key, there *client.Key, number int) (same, public bool, err error) {
	source := sourceOf(key, number)
	mine, theirs := key.Version(source).PublicKey, there.Version(number).PublicKey
	public = mine != "" && theirs != ""
	if public && mine != theirs {
		return false, public, errNotVerified
	}
	if public && m.publicOnly(ctx, key, source) {
		return true, public, nil
	}
	same, err = m.verifyVersion(ctx, key, there, number)
	return same, public, err
}

// sourceOf is the source's version that a version of the destination holds: an import fills
// the place of one that it cannot have with the oldest it has.
func sourceOf(key *client.Key, number int) int { return max(number, key.MinDecryption) }

// side is a version of the key in one of the mounts.
type side struct {
	mount   *client.Mount
	key     *client.Key
	version int
}

// makes reports whether the version may still make something, and opens whether it may open.
func (s side) makes() bool { return s.version >= max(s.key.MinEncryption, s.key.MinDecryption) }
func (s side) opens() bool { return s.version >= s.key.MinDecryption }

// verifyVersion has the destination check what the source makes, or where
// min_encryption_version is against that, the source what the destination makes. It is false
// where neither can be.
func (m *mover) verifyVersion(ctx context.Context, key, there *client.Key, number int) (bool, error) {
	source := side{m.From, key, sourceOf(key, number)}
	destination := side{m.To, there, number}
	switch {
	case source.makes() && destination.opens():
		return probeOf(key, source.version).holds(ctx, source, destination)
	case destination.makes():
		return probeOf(key, source.version).holds(ctx, destination, source)
	}
	return false, nil
}

// holds is false where the maker cannot make what would show it.
func (p probe) holds(ctx context.Context, maker, checker side) (bool, error) {
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	input := base64.StdEncoding.EncodeToString(random)
	ask, answer := map[string]any{"key_version": maker.version}, map[string]any{}
	if p.input != "" {
		ask[p.input] = input
	}
	if p.back == "" {
		answer[p.input] = input
	}
	if maker.key.Derived {
		ask["context"], answer["context"] = input, input
	}
	made, err := maker.mount.Write(ctx, p.make+maker.key.Name, ask)
	switch {
	case refused(err):
		return false, nil
	case err != nil:
		return false, err
	case p == encapsulation:
		input, _ = made[p.back].(string)
		answer["confirmation"] = made["confirmation"]
	}
	text, _ := made[p.made].(string)
	answer[p.made] = relabel(text, maker.version, checker.version)
	checked, err := checker.mount.Write(ctx, p.check+checker.key.Name, answer)
	switch {
	case refused(err):
		return false, errNotVerified
	case err != nil:
		return false, err
	case p.back == "" && checked["valid"] != true, p.back != "" && (input == "" || checked[p.back] != input):
		return false, errNotVerified
	}
	return true, nil
}

// relabel says that what one version made is another's.
func relabel(text string, from, to int) string {
	return strings.Replace(text, fmt.Sprintf("vault:v%d:", from), fmt.Sprintf("vault:v%d:", to), 1)
}

// refused reports a 400: what was asked is understood and not allowed.
func refused(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest
}
