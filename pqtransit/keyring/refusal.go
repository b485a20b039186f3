package keyring

import "fmt"

// Refusal is an error whose text is meant for the client: the request can never succeed as
// it stands. It carries no secret. Every other error of this package is a fault of storage
// or of what lies there, and its text is for the log.
type Refusal struct {
	// Field is the parameter at fault where the built-in engine names it before the text,
	// with the item's place in the batch, and does not count it among the faults that turn
	// a batch's status into 400. Empty for all others.
	Field string

	text string
}

// Error is the text without the field.
func (r *Refusal) Error() string { return r.text }

func refuse(format string, args ...any) error {
	return &Refusal{text: fmt.Sprintf(format, args...)}
}

func refuseField(field, format string, args ...any) error {
	return &Refusal{Field: field, text: fmt.Sprintf(format, args...)}
}
