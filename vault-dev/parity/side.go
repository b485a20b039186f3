package parity

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Request is a step with its references resolved.
type Request struct {
	Method, Path string
	Body         map[string]any
}

// Side is one of the two engines.
type Side interface {
	// Send answers the request. An error means that no comparison is possible; a dropped
	// connection is an answer.
	Send(ctx context.Context, request Request) (Answer, error)
}

// Mount is an engine behind Vault's HTTP API.
type Mount struct {
	Client  *http.Client
	Address string // such as https://127.0.0.1:8200
	Token   string
	Path    string // without slash at the end
}

// Send makes the request. In the answer the mount's own path is replaced by "<mount>".
func (m Mount) Send(ctx context.Context, request Request) (Answer, error) {
	var body io.Reader
	if request.Body != nil {
		body = bytes.NewReader(encode(request.Body))
	}
	address := m.Address + "/v1/" + m.Path + "/" + request.Path
	sent, err := http.NewRequestWithContext(ctx, request.Method, address, body)
	if err != nil {
		return Answer{}, fmt.Errorf("making a request of %s %s: %v", request.Method, request.Path, err)
	}
	sent.Header.Set("X-Vault-Token", m.Token)
	sent.Header.Set("X-Vault-Request", "true")
	received, err := m.Client.Do(sent)
	if err != nil {
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		return Answer{}, nil //nolint:nilerr // that the connection was dropped is the answer
	}
	defer func() { _ = received.Body.Close() }()
	raw, err := io.ReadAll(received.Body)
	if err != nil {
		return Answer{}, nil //nolint:nilerr // likewise
	}
	return parseAnswer(received.StatusCode, strings.ReplaceAll(string(raw), m.Path+"/", "<mount>/"))
}

func parseAnswer(status int, text string) (Answer, error) {
	answer := Answer{Status: status}
	if text == "" {
		return answer, nil
	}
	if err := decode([]byte(text), &answer.Body); err != nil {
		return answer, fmt.Errorf("status %d with a body that is not a JSON object: %.200s", status, text)
	}
	return answer, nil
}
