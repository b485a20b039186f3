// Package metrics keeps the numbers of one mount for Prometheus. They live in memory: a
// restart of the plugin begins them anew, as counters there may. No name of a key is a label,
// so that their number is bounded by that of algorithms and operations.
package metrics

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// MediaType is that of Prometheus's text format.
const MediaType = "text/plain; version=0.0.4"

const namespace = "palisade_pqtransit"

// latencies are in seconds: from below a quick operation to a slow signature.
var latencies = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Request is what the numbers of a request are kept by.
type Request struct {
	// Operation is the words of its path, such as encrypt or keys/rotate.
	Operation string
	// Method is Vault's operation: read, update, list or delete.
	Method string
	// Type is the algorithm of the latest version of the key that it names, or empty.
	Type string
}

// Recorder counts requests. It may be used by many goroutines, and takes no lock for a kind
// of request that it has seen.
type Recorder struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	failures *prometheus.CounterVec
	duration *prometheus.HistogramVec
	known    sync.Map // Request -> *series
}

// series are the numbers of one kind of request.
type series struct {
	requests, failures prometheus.Counter
	duration           prometheus.Observer
}

// New makes a recorder that also gives out what the sources have at that time.
func New(sources ...prometheus.Collector) *Recorder {
	labels := []string{"operation", "method", "type"}
	r := &Recorder{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "requests_total", Help: "Requests, by path, method, and type of the key named.",
		}, labels),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "request_errors_total", Help: "Requests that were refused or failed, among them batches of which an item was.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "request_duration_seconds", Help: "Time that a request took inside the plugin.", Buckets: latencies,
		}, labels),
	}
	r.registry.MustRegister(r.requests, r.failures, r.duration)
	r.registry.MustRegister(sources...)
	return r
}

// Record counts one request.
func (r *Recorder) Record(request Request, took time.Duration, failed bool) {
	found, ok := r.known.Load(request)
	if !ok {
		labels := []string{request.Operation, request.Method, request.Type}
		found, _ = r.known.LoadOrStore(request, &series{
			requests: r.requests.WithLabelValues(labels...),
			failures: r.failures.WithLabelValues(labels...),
			duration: r.duration.WithLabelValues(labels...),
		})
	}
	numbers, _ := found.(*series)
	numbers.requests.Inc()
	numbers.duration.Observe(took.Seconds())
	if failed {
		numbers.failures.Inc()
	}
}

// Text is everything in Prometheus's text format.
func (r *Recorder) Text() (string, error) {
	families, err := r.registry.Gather()
	if err != nil {
		return "", fmt.Errorf("failed to gather metrics: %v", err)
	}
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return "", fmt.Errorf("failed to encode metrics: %v", err)
		}
	}
	return out.String(), nil
}
