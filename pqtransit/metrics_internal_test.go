package pqtransit

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// scrape reads metrics as Prometheus does.
func scrape(t *testing.T, m *backendtest.Mount) map[string]*dto.MetricFamily {
	t.Helper()
	data := m.MustRead("metrics").Response.Data
	if data[logical.HTTPContentType] != "text/plain; version=0.0.4" || data[logical.HTTPStatusCode] != 200.0 {
		t.Errorf("%v %v", data[logical.HTTPContentType], data[logical.HTTPStatusCode])
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(data[logical.HTTPRawBody].(string)))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value is one number, 0 where there is none.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, metric := range families["palisade_pqtransit_"+name].GetMetric() {
		var values []string
		for _, label := range metric.GetLabel() {
			values = append(values, label.GetValue())
		}
		if !cmp.Equal(values, labels) {
			continue
		}
		switch {
		case metric.GetCounter() != nil:
			return metric.GetCounter().GetValue()
		case metric.GetHistogram() != nil:
			return float64(metric.GetHistogram().GetSampleCount())
		}
		return metric.GetGauge().GetValue()
	}
	return 0
}

func TestMetrics(t *testing.T) {
	m := backendtest.New(t, Factory)
	m.MustWrite("keys/old", map[string]any{"type": "aes128-gcm96"})
	m.MustWrite("keys/new", map[string]any{"type": "x25519-mlkem768"})
	batch := func(last string) map[string]any {
		return map[string]any{"batch_input": []any{map[string]any{"plaintext": "QQ=="}, map[string]any{"plaintext": "QQ=="}, map[string]any{"plaintext": last}}}
	}
	ciphertext := m.MustWrite("encrypt/old", map[string]any{"plaintext": ""}).Data["ciphertext"]
	m.MustWrite("encrypt/old", batch("QQ=="))
	m.Write("encrypt/old", batch("!"))
	m.Write("encrypt/old", map[string]any{"plaintext": "!"})
	m.MustWrite("encrypt/new", map[string]any{"plaintext": ""})
	m.MustWrite("keys/old/rotate", map[string]any{"type": "aes256-gcm96"})
	m.MustWrite("decrypt/old", map[string]any{"ciphertext": ciphertext})
	m.Write("encrypt/none", map[string]any{"plaintext": "", "type": "rot13"})
	got := scrape(t, m)
	for _, test := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{4, "requests_total", []string{"update", "encrypt", "aes128-gcm96"}},
		{2, "request_errors_total", []string{"update", "encrypt", "aes128-gcm96"}},
		{4, "request_duration_seconds", []string{"update", "encrypt", "aes128-gcm96"}},
		{1, "requests_total", []string{"update", "encrypt", "x25519-mlkem768"}},
		{0, "request_errors_total", []string{"update", "encrypt", "x25519-mlkem768"}},
		{1, "requests_total", []string{"update", "keys/rotate", "aes256-gcm96"}},
		{1, "requests_total", []string{"update", "decrypt", "aes256-gcm96"}},
		{1, "request_errors_total", []string{"update", "encrypt", ""}},
		// By the algorithm of the version, each item: 1 and 3 and the good ones of the batch.
		{6, "operations_total", []string{"aes128-gcm96", "protect"}},
		{1, "operations_total", []string{"aes128-gcm96", "process"}},
		{1, "operations_total", []string{"x25519-mlkem768", "protect"}},
		{0, "operations_total", []string{"aes256-gcm96", "process"}},
		{2, "cached_keys", nil},
	} {
		if value := value(got, test.name, test.labels...); value != test.want {
			t.Errorf("%s%v is %v, want %v", test.name, test.labels, value, test.want)
		}
	}
	if got["palisade_pqtransit_keys"] != nil {
		t.Error("an inventory before there is one")
	}
	if text := m.MustRead("metrics").Response.Data[logical.HTTPRawBody].(string); strings.Contains(text, `"old"`) || strings.Contains(text, `"none"`) {
		t.Error("a key's name is a label")
	}
	m.Restart()
	if value := value(scrape(t, m), "requests_total", "update", "encrypt", "aes128-gcm96"); value != 0 {
		t.Errorf("%v after a restart", value)
	}
}

func TestMetricsOfTheInventory(t *testing.T) {
	m := backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	now := time.Now()
	b.rotation.now = func() time.Time { return now }
	m.MustWrite("keys/weak", map[string]any{"type": "ed25519"})
	m.MustWrite("keys/good", nil)
	m.MustWrite("config/crypto-policy", map[string]any{"quantum_safe_required": true})
	tick := func(later time.Duration) map[string]*dto.MetricFamily {
		t.Helper()
		now = now.Add(later)
		m.Do(t.Context(), logical.RollbackOperation, "", nil)
		return scrape(t, m)
	}
	got := tick(time.Minute)
	for name, want := range map[string]float64{"keys_violating_policy": 1, "keys_overdue": 0, "keys_never_used": 2, "key_age_seconds": 2, "inventory_time_seconds": float64(now.Unix())} {
		if value := value(got, name); value != want {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
	for label, want := range map[string]float64{"exposed": 1, "quantum-safe": 1, "old-versions-exposed": 0} {
		if value := value(got, "keys", label); value != want {
			t.Errorf("keys %s is %v, want %v", label, value, want)
		}
	}
	if value(got, "key_versions", "ed25519") != 1 || value(got, "key_versions_exposed", "forgery") != 1 {
		t.Errorf("%v", got["palisade_pqtransit_key_versions"])
	}
	m.MustWrite("keys/third", nil)
	if got := tick(58 * time.Minute); value(got, "keys", "quantum-safe") != 1 {
		t.Error("looked through before an hour was over")
	}
	if got := tick(2 * time.Minute); value(got, "keys", "quantum-safe") != 2 {
		t.Error("not looked through after an hour")
	}
}

// Every path is recorded under words of its own.
func TestEveryPathIsMetered(t *testing.T) {
	b, ok := backendtest.New(t, Factory).Backend().(*pqBackend)
	if !ok {
		t.Fatal("another backend")
	}
	names := map[string]string{}
	for _, path := range b.Paths {
		words := pathWords(path.Pattern)
		if other, taken := names[words]; words == "" || strings.ContainsAny(words, `()?\$`) || taken && words != "keys" {
			t.Errorf("%q is called %q, as is %q", path.Pattern, words, other)
		}
		names[words] = path.Pattern
	}
	for _, words := range []string{"encrypt", "keys", "keys/rotate", "datakey", "datakeys", "random", "hash", "byok-export", "export", "restore", "config/crypto-policy", "wrapping_key", "wrapping_key/rotate"} {
		if names[words] == "" {
			t.Errorf("no path is called %s: %v", words, names)
		}
	}
}

// Requests about keys of several types run at once, and each counts for its own.
func TestMetricsOfManyAtOnce(t *testing.T) {
	const each = 200
	m := backendtest.New(t, Factory)
	types := []string{"aes128-gcm96", "aes256-gcm96"}
	var all sync.WaitGroup
	for _, name := range types {
		m.MustWrite("keys/"+name, map[string]any{"type": name})
		for range 4 {
			all.Go(func() {
				for range each / 4 {
					m.Write("encrypt/"+name, map[string]any{"plaintext": "QQ=="})
				}
			})
		}
	}
	all.Wait()
	got := scrape(t, m)
	for _, name := range types {
		if value := value(got, "requests_total", "update", "encrypt", name); value != each {
			t.Errorf("%s: %v requests, want %d", name, value, each)
		}
	}
}
