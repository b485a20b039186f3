package worker

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// DefaultDeadline is how long one call may take before its worker is killed:
// two tries and a restart stay within the ten seconds Vault allows a seal.
const DefaultDeadline = 3 * time.Second

// Config is the configuration of one token.
type Config struct {
	// Name is the operator's name of the token, for messages; required.
	Name string
	// Module is the absolute path of the PKCS#11 library; required.
	Module string
	// Label and Serial select the token; at least one is required, and both
	// must match when both are given. Slot ids change, so none can be given.
	Label, Serial string
	// PIN says where the user PIN comes from; required.
	PIN PINSource
	// Environment is added to the worker's otherwise minimal environment, such
	// as SOFTHSM2_CONF.
	Environment map[string]string
	// StateDir holds the PIN guard's journal: an absolute path that exists and
	// only the daemon can write; required.
	StateDir string
	// Deadline bounds one call to the token; zero is DefaultDeadline.
	Deadline time.Duration
}

// PINSource names where a PIN is read from: exactly one field is set.
type PINSource struct {
	// File is an absolute path, readable by its owner only; it is read at each
	// start of the worker, so that a corrected PIN is picked up.
	File string
	// FD is an inherited file descriptor above 2, read to its end once, by
	// Start.
	FD int
}

// Validate reports the first fault of the configuration, nil when there is
// none. It opens nothing. Start calls it.
func (c Config) Validate() error {
	switch {
	case c.Name == "":
		return errors.New("token has no name")
	case !filepath.IsAbs(c.Module):
		return fmt.Errorf("token %q: module must be an absolute path", c.Name)
	case c.Label == "" && c.Serial == "":
		return fmt.Errorf("token %q: label or serial is required", c.Name)
	case !filepath.IsAbs(c.StateDir):
		return fmt.Errorf("token %q: state directory must be an absolute path", c.Name)
	case c.Deadline < 0:
		return fmt.Errorf("token %q: deadline must not be negative", c.Name)
	}
	if err := c.PIN.validate(); err != nil {
		return fmt.Errorf("token %q: %w", c.Name, err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(c.Environment[name], "\x00") {
			return fmt.Errorf("token %q: environment name %q is not valid", c.Name, name)
		}
	}
	return nil
}

func (s PINSource) validate() error {
	switch {
	case (s.File == "") == (s.FD == 0):
		return errors.New("exactly one of a PIN file and a PIN descriptor is required")
	case s.File != "" && !filepath.IsAbs(s.File):
		return errors.New("PIN file must be an absolute path")
	case s.FD != 0 && s.FD < 3:
		return errors.New("PIN descriptor must be above 2")
	}
	return nil
}

// MaxKeyID is the longest CKA_ID accepted, in bytes.
const MaxKeyID = wrapkey.MaxID

// checkKey refuses before the process boundary what can never be right.
func checkKey(id []byte, name string) error {
	if len(id) == 0 || len(id) > MaxKeyID {
		return fmt.Errorf("key id has %d bytes, not 1 to %d", len(id), MaxKeyID)
	}
	if _, ok := mechanism.Lookup(name); !ok {
		return fmt.Errorf("%w: no mechanism %q", ErrUnsupported, name)
	}
	return nil
}
