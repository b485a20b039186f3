package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// portsTried counts the groups of ports that freePorts has looked at, from a random
// one on: no group is given out twice, since it takes a while until it is used.
var portsTried atomic.Int64

func init() { portsTried.Store(rand.Int64N(3000)) }

// freePorts returns the first of four free ports in a row, below those that the
// kernel hands out by itself.
func freePorts() (int, error) {
	for range 100 {
		first := 20000 + 4*int(portsTried.Add(1)%3000)
		if free(first) && free(first+1) && free(first+2) && free(first+3) {
			return first, nil
		}
	}
	return 0, errors.New("no four free ports in a row")
}

func free(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	return err == nil && listener.Close() == nil
}

// complaints are the last errors of a log.
func complaints(path string) string {
	lines := strings.Split(process.Tail(path, 100_000), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, "[ERROR]") })
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// root is a client with the root token.
func root(t *testing.T) *api.Client {
	t.Helper()
	client, err := dev.RootClient()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// anonymous is a client without a token, at one of the two listeners.
func anonymous(t *testing.T, address string) *api.Client {
	t.Helper()
	client, err := dev.Client(address, "")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

type object = map[string]any

// write posts to a path and returns the data of the answer, which may be nil.
func write(t *testing.T, client *api.Client, path string, body object) object {
	t.Helper()
	secret, err := client.Logical().WriteWithContext(t.Context(), path, body)
	if err != nil {
		t.Fatal(err)
	}
	if secret == nil {
		return nil
	}
	return secret.Data
}

// read reads a path, where something must be.
func read(t *testing.T, client *api.Client, path string) object {
	t.Helper()
	secret, err := client.Logical().ReadWithContext(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if secret == nil {
		t.Fatalf("nothing at %s", path)
	}
	return secret.Data
}

// answer is what came back over HTTP.
type answer struct {
	status int
	body   string
}

// errors are the texts of the answer's errors, joined.
func (a answer) errors(t *testing.T) string {
	t.Helper()
	var body struct{ Errors []string }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("status %d with a body that is not JSON: %.300s", a.status, a.body)
	}
	return strings.Join(body.Errors, "; ")
}

// send makes a request with exactly that body, past the API client's own encoding.
func send(t *testing.T, client *api.Client, method, path string, body []byte) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, client.Address()+"/v1/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = client.Headers()
	if client.Token() != "" {
		request.Header.Set("X-Vault-Token", client.Token())
	}
	request.Header.Set("X-Vault-Request", "true")
	response, err := client.CloneConfig().HttpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, body: string(raw)}
}

// encode is JSON, for send.
func encode(t *testing.T, body any) []byte {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// uniqueName is a name that no other test uses.
func uniqueName(t *testing.T) string {
	t.Helper()
	name := strings.NewReplacer("/", "-", " ", "-", "#", "-").Replace(strings.ToLower(t.Name()))
	return fmt.Sprintf("%.80s-%06d", name, rand.IntN(1_000_000))
}
