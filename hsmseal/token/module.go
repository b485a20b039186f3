// Package token speaks to one PKCS #11 token through its library. It is the
// only package with cgo, and runs in a worker process: a library may hang or
// crash at any call, and then the process is killed, not the daemon.
package token

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Selector says which token of the library is meant. Slot ids change from
// start to start, so there is no choosing by one.
type Selector struct {
	// Label and Serial must both match where both are set; at least one is.
	Label, Serial string
}

// ErrAbsent means that no token, or more than one, matches the selector.
var ErrAbsent = errors.New("token not found")

// load loads and initialises the library at an absolute path: a bare name
// would be searched for in places that others may write to.
func load(path string) (*pkcs11.Ctx, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("PKCS#11 library path %q is not absolute", path)
	}
	library := pkcs11.New(path)
	if library == nil {
		return nil, fmt.Errorf("PKCS#11 library %s cannot be loaded", path)
	}
	if err := library.Initialize(); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		library.Destroy()
		return nil, classify("C_Initialize", err)
	}
	return library, nil
}

// unload ends the library; its errors do not matter any more.
func unload(library *pkcs11.Ctx) error {
	err := library.Finalize()
	library.Destroy()
	return classify("C_Finalize", err)
}

// findSlot returns the one slot whose token matches. A slot that cannot be
// read is passed over: it is another token's trouble.
func findSlot(library *pkcs11.Ctx, want Selector) (uint, pkcs11.TokenInfo, error) {
	slots, err := library.GetSlotList(true)
	if err != nil {
		return 0, pkcs11.TokenInfo{}, classify("C_GetSlotList", err)
	}
	var matches []uint
	var found pkcs11.TokenInfo
	var unreadable error
	for _, slot := range slots {
		info, err := library.GetTokenInfo(slot)
		if err != nil {
			unreadable = classify("C_GetTokenInfo", err)
			continue
		}
		if info.Flags&pkcs11.CKF_TOKEN_INITIALIZED != 0 && want.matches(info) {
			matches, found = append(matches, slot), info
		}
	}
	if len(matches) != 1 {
		return 0, pkcs11.TokenInfo{}, want.absent(len(matches), len(slots), unreadable)
	}
	return matches[0], found, nil
}

func (s Selector) matches(info pkcs11.TokenInfo) bool {
	return (s.Label != "" || s.Serial != "") &&
		(s.Label == "" || s.Label == trim(info.Label)) &&
		(s.Serial == "" || s.Serial == trim(info.SerialNumber))
}

func (s Selector) absent(matches, slots int, unreadable error) error {
	text := fmt.Sprintf("%d of %d tokens match label %q serial %q", matches, slots, s.Label, s.Serial)
	if unreadable != nil {
		text += fmt.Sprintf(" (a token cannot be read: %v)", unreadable)
	}
	return fmt.Errorf("%w: %s", ErrAbsent, text)
}

// trim removes the padding of a fixed-size text field: blanks by the
// specification, zero bytes from some tokens.
func trim(text string) string {
	text, _, _ = strings.Cut(text, "\x00")
	return strings.TrimRight(text, " ")
}

// classify turns the library's error into a *cryptoki.Error; nil stays nil.
func classify(function string, err error) error {
	var code pkcs11.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &code):
		return &cryptoki.Error{Function: function, Code: cryptoki.Code(code)}
	}
	return fmt.Errorf("%s: %v", function, err)
}
