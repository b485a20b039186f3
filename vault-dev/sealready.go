package vaultdev

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

const (
	// sealStartTime bounds a start of hsmseald, key generation in the token included.
	sealStartTime = 30 * time.Second
	// sealDeaths is how often hsmseald may end before its start has failed.
	sealDeaths = 2
)

// waitForSeal waits until hsmseald has wrapped something in the HSM. before is the
// length of its log before the start. Where hsmseald ends again and again, the
// error is what it said last.
func (c Config) waitForSeal(ctx context.Context, socket string, before int64) error {
	token, err := readSecret(c.sealTokenFile())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sealStartTime)
	defer cancel()
	var ready bool
	_ = process.Poll(ctx, func() bool { // its error says only that the time is over
		ready = sealWraps(ctx, socket, token)
		return ready || deaths(logSince(c.SealLog(), before)) >= sealDeaths
	})
	if ready {
		return nil
	}
	return fmt.Errorf("hsmseald does not come up: %s (all of it is in %s)", reason(logSince(c.SealLog(), before)), c.SealLog())
}

// sealWraps asks hsmseald for an encryption, as Vault does at its start.
func sealWraps(ctx context.Context, socket, token string) bool {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://localhost/v1/transit/encrypt/"+sealKey,
		strings.NewReader(`{"plaintext":"YQ=="}`))
	if err != nil {
		return false
	}
	request.Header.Set("X-Vault-Token", token)
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

func logSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// logSince is what was written to a log after it had that length.
func logSince(path string, before int64) []byte {
	raw, err := os.ReadFile(path)
	if err != nil || int64(len(raw)) < before {
		return nil
	}
	return raw[before:]
}

// deaths counts the supervisor's lines about an end of hsmseald.
func deaths(log []byte) int { return bytes.Count(log, []byte("starting it again")) }

// reason is the line by which hsmseald said why it ended, else the log's last.
func reason(log []byte) string {
	last := "it has logged nothing"
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSpace(line)
		if words, ok := strings.CutPrefix(line, "hsmseald: "); ok {
			return words
		}
		last = line
	}
	return last
}
