package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// request is what is sent again and again.
type request struct {
	path string // mount and all
	body []byte
	// least is the size of the shortest answer that can be whole.
	least int64
}

// sender is one connection to Vault.
type sender struct {
	client  *http.Client
	address string
	token   string
}

// newSenders makes connections that stay open.
func (l *lab) newSenders(count int) ([]sender, error) {
	pem, err := os.ReadFile(l.dev.CAFile())
	if err != nil {
		return nil, fmt.Errorf("reading Vault's CA: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in the file of Vault's CA")
	}
	senders := make([]sender, count)
	for i := range senders {
		transport := &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
			MaxConnsPerHost: 1, DisableCompression: true,
		}
		senders[i] = sender{client: &http.Client{Transport: transport}, address: l.dev.Address(), token: l.client.Token()}
	}
	return senders, nil
}

// post sends one request and answers how long the answer was and, if keep, the answer.
func (s *sender) post(ctx context.Context, r request, keep io.Writer) (size int64, err error) {
	message, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/v1/"+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, fmt.Errorf("making a request: %v", err)
	}
	message.Header.Set("X-Vault-Token", s.token)
	response, err := s.client.Do(message)
	if err != nil {
		return 0, fmt.Errorf("%s: %v", r.path, err)
	}
	size, err = io.Copy(keep, response.Body)
	err = errors.Join(err, response.Body.Close())
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	if err != nil {
		return size, fmt.Errorf("%s: %v", r.path, err)
	}
	return size, nil
}

// ask sends one request and answers the data of the answer, nil for one without.
func (s *sender) ask(ctx context.Context, path string, body []byte) (data object, size int64, err error) {
	var answer bytes.Buffer
	size, err = s.post(ctx, request{path: path, body: body}, &answer)
	if err != nil {
		return nil, size, fmt.Errorf("%w: %.300s", err, answer.Bytes())
	}
	if size == 0 {
		return nil, size, nil
	}
	var parsed struct{ Data object }
	if err := json.Unmarshal(answer.Bytes(), &parsed); err != nil {
		return nil, size, fmt.Errorf("%s: %v", path, err)
	}
	return parsed.Data, size, nil
}

// sample is what one turn showed.
type sample struct {
	elapsed   time.Duration
	cpu       time.Duration   // of Vault and its plugins
	latencies []time.Duration // of every request
}

// perRequest is how long the engine was at a request, counting them one after the other.
func (s sample) perRequest() time.Duration {
	return s.elapsed / time.Duration(max(len(s.latencies), 1))
}

// turn sends from every connection until the time is over, at least once each.
func turn(ctx context.Context, senders []sender, r request, length time.Duration) (sample, error) {
	began := time.Now()
	latencies := make([][]time.Duration, len(senders))
	faults := make([]error, len(senders))
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for faults[i] == nil && (len(latencies[i]) == 0 || time.Since(began) < length) {
				start := time.Now()
				var size int64
				size, faults[i] = senders[i].post(ctx, r, io.Discard)
				if faults[i] == nil && size < r.least {
					faults[i] = fmt.Errorf("%s: an answer of %d bytes, want %d at least", r.path, size, r.least)
				}
				latencies[i] = append(latencies[i], time.Since(start))
			}
		})
	}
	all.Wait()
	return sample{elapsed: time.Since(began), latencies: slices.Concat(latencies...)}, errors.Join(faults...)
}
