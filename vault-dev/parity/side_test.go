package parity_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/palisade-vault/palisade/vault-dev/parity"
)

func TestMount(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/v1/engine/dropped":
			panic(http.ErrAbortHandler) // as net/http ends a handler that has panicked
		case "/v1/engine/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/v1/engine/text":
			_, _ = fmt.Fprint(w, "text")
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"errors":["%s engine/%s %s %d"]}`, r.Method, r.URL.RawQuery, r.Header.Get("X-Vault-Token"), len(body))
		}
	}))
	t.Cleanup(server.Close)
	mount := parity.Mount{Client: server.Client(), Address: server.URL, Token: "token", Path: "engine"}
	for path, want := range map[string]string{
		"dropped":    "dropped",
		"empty":      "204",
		"keys/k?a=b": "400 LIST <mount>/a=b token 7",
	} {
		got, err := mount.Send(t.Context(), parity.Request{Method: "LIST", Path: path, Body: object{"a": 1}})
		if err != nil || got.Outcome() != want {
			t.Errorf("%s: %q, %v; want %q", path, got.Outcome(), err, want)
		}
	}
	for _, path := range []string{"text", "\x00"} {
		if _, err := mount.Send(t.Context(), parity.Request{Method: "GET", Path: path}); err == nil {
			t.Errorf("%q gets no error", path)
		}
	}
}
