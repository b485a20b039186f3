package command

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/hashicorp/vault/api"
)

// Exit codes: the first three as the vault command has them.
const (
	exitOK     = 0
	exitLocal  = 1 // wrong usage, or a fault on this side
	exitRemote = 2 // Vault refused or was not reached
	exitNo     = 3 // all was done, and the answer is that something needs the operator
)

// errNo says that the result, already shown, asks for the operator: keys that could not go
// back, lines that failed. Nothing more is printed.
var errNo = errors.New("the result needs attention")

// usageError is a call that cannot be right.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exitCode tells a command's error from the others'.
func exitCode(err error) int {
	var refused *api.ResponseError
	var unreached *url.Error
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &refused), errors.As(err, &unreached):
		return exitRemote
	}
	return exitLocal
}
