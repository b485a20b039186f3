package hsmseal_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/hsmseal"
)

// never is a clock whose waits do not end: retries happen only when a test wants.
func never(time.Duration) <-chan time.Time { return nil }

// daemon is a server on a unix socket with fake tokens a and b.
type daemon struct {
	config hsmseal.Config
	socket string
	log    *logBuffer
	a, b   *fakeToken
	client *http.Client
	ended  chan error
	cancel context.CancelFunc
}

// start serves testConfig after change had its way.
func start(t *testing.T, after func(time.Duration) <-chan time.Time, change func(*daemon)) *daemon {
	t.Helper()
	d := &daemon{
		config: testConfig(t), log: &logBuffer{}, a: newFakeToken("a"), b: newFakeToken("b"),
		socket: filepath.Join(t.TempDir(), "s"), ended: make(chan error, 1),
	}
	if change != nil {
		change(d)
	}
	listener, err := hsmseal.Listen(t.Context(), hsmseal.ListenerConfig{Path: d.socket, Mode: 0o600})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	d.cancel = cancel
	server := hsmseal.NewServer(newOpener(d.config, d.log.logger(), d.a, d.b))
	go func() { d.ended <- server.Run(ctx, listener, after) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", d.socket)
	}}
	d.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-d.ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return d
}

// token issues a client token for a tenant.
func (d *daemon) token(t *testing.T, tenant string) string {
	t.Helper()
	token, err := hsmseal.IssueClientToken(d.config, tenant, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// vault is Vault's own API client, without its retries.
func (d *daemon) vault(t *testing.T, token, namespace string) *api.Client {
	t.Helper()
	return vaultClient(t, d.socket, token, namespace)
}

func vaultClient(t *testing.T, socket, token, namespace string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = "unix://"+socket, 0
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(config.HttpClient.CloseIdleConnections)
	client.SetToken(token)
	if namespace != "" {
		client.SetNamespace(namespace)
	}
	return client
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   string
	errors []string
	data   map[string]any
}

// call sends a request as it is.
func (d *daemon) call(t *testing.T, method, path, token, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("X-Vault-Token", token)
	}
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Errors []string       `json:"errors"`
		Data   map[string]any `json:"data"`
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &parsed); err != nil {
			t.Fatalf("answer %q is no JSON: %v", raw, err)
		}
	}
	return answer{response.StatusCode, response.Header, string(raw), parsed.Errors, parsed.Data}
}

// write is a call of Vault's API client that must succeed.
func write(t *testing.T, client *api.Client, path string, data map[string]any) map[string]any {
	t.Helper()
	secret, err := client.Logical().WriteWithContext(t.Context(), path, data)
	if err != nil {
		t.Fatal(err)
	}
	if secret == nil || secret.Data == nil {
		t.Fatal("an answer without data: Vault would not start")
	}
	return secret.Data
}
