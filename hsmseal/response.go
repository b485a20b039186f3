package hsmseal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// httpError is an answer that is not 200. Vault does not repeat a call answered
// with 400 to 499; it repeats one answered with 500 or 503, twice.
type httpError struct {
	status int
	text   string
}

func (e *httpError) Error() string { return e.text }

func badRequest(format string, a ...any) error {
	return &httpError{http.StatusBadRequest, fmt.Sprintf(format, a...)}
}

var (
	errDenied      = &httpError{http.StatusForbidden, "permission denied"}
	errNoPath      = &httpError{http.StatusNotFound, "unsupported path"}
	errMethod      = &httpError{http.StatusMethodNotAllowed, "unsupported method"}
	errTooLarge    = &httpError{http.StatusRequestEntityTooLarge, "request body too large"}
	errUnavailable = &httpError{http.StatusServiceUnavailable, "seal unavailable: its token cannot serve now"}
	errInternal    = &httpError{http.StatusInternalServerError, "internal error"}
)

// translate is the one place where an error becomes an answer. The second result
// tells whether the error says more than the answer and belongs into the log.
func translate(err error) (answer *httpError, log bool) {
	var weak *worker.WeakKeyError
	switch {
	case errors.As(err, &answer):
		return answer, false
	case errors.Is(err, envelope.ErrInvalid):
		return &httpError{http.StatusBadRequest, err.Error()}, false
	case errors.Is(err, worker.ErrCiphertext):
		return &httpError{http.StatusBadRequest, "invalid ciphertext: it does not open under this key"}, true
	case errors.Is(err, worker.ErrDevice), errors.Is(err, worker.ErrPIN), errors.Is(err, worker.ErrNoKey),
		errors.Is(err, worker.ErrAmbiguousKey), errors.Is(err, worker.ErrUnsupported), errors.As(err, &weak),
		errors.Is(err, errNotOpen), errors.Is(err, errTokenFile), errors.Is(err, errUnhealthy),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errUnavailable, true
	}
	return errInternal, true
}

// writeError answers in Vault's form.
func writeError(w http.ResponseWriter, answer *httpError) error {
	if answer.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	return writeJSON(w, answer.status, map[string][]string{"errors": {answer.text}})
}

func writeJSON(w http.ResponseWriter, status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding an answer: %v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = w.Write(data)
	return err
}
