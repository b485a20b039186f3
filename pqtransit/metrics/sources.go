package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/palisade-vault/palisade/pqtransit/posture"
)

// ages are in seconds: a day, a week, and so on to two years.
var ages = []float64{86400, 7 * 86400, 30 * 86400, 90 * 86400, 180 * 86400, 365 * 86400, 730 * 86400}

// Uses are how often versions of one algorithm did something, each item of a batch counted.
type Uses struct {
	Type                 string
	Protected, Processed float64
}

// Source is what a mount has at the time of a scrape.
type Source struct {
	// Uses are since the start; algorithms that were not used may be left out.
	Uses func() []Uses
	// Cached is how many keys are in memory.
	Cached func() int
	// Inventory is nil before the keys were first looked through.
	Inventory func() *Inventory
}

// Inventory is what the keys of a mount looked like at one time. It does not change once it is
// given out.
type Inventory struct {
	Time    time.Time
	Summary *posture.Summary
	ages    []uint64 // of each bucket, without those below
	count   uint64
	sum     float64
}

// NewInventory is empty.
func NewInventory(at time.Time) *Inventory {
	return &Inventory{Time: at, Summary: posture.NewSummary(), ages: make([]uint64, len(ages))}
}

// Add counts a key.
func (i *Inventory) Add(key posture.KeyReport) {
	i.Summary.Add(key)
	age := float64(key.Rotation.AgeSeconds)
	i.count++
	i.sum += age
	for bucket, bound := range ages {
		if age <= bound {
			i.ages[bucket]++
			return
		}
	}
}

var (
	usesTotal = describe("operations_total", "Operations by the algorithm of the version that did them, each item of a batch counted: "+
		"protect is encrypt, sign, authenticate and encapsulate, process is decrypt, verify and decapsulate.", "type", "use")
	cachedKeys    = describe("cached_keys", "Keys in memory, ready for use.")
	inventoryTime = describe("inventory_time_seconds", "When the keys were last looked through, in seconds since 1970: the numbers below are of then.")
	keysByStatus  = describe("keys", "Keys by what a quantum computer would do to them.", "status")
	versionsBy    = describe("key_versions", "Key versions by algorithm.", "type")
	exposedBy     = describe("key_versions_exposed", "Key versions by quantum exposure.", "exposure")
	violating     = describe("keys_violating_policy", "Keys of which a version violates the mount's crypto policy.")
	overdue       = describe("keys_overdue", "Keys whose automatic rotation is overdue.")
	neverUsed     = describe("keys_never_used", "Keys of which no use is known.")
	keyAge        = describe("key_age_seconds", "Age of each key's latest version.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// Describe implements prometheus.Collector.
func (s Source) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{usesTotal, cachedKeys, inventoryTime, keysByStatus, versionsBy, exposedBy, violating, overdue, neverUsed, keyAge} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s Source) Collect(out chan<- prometheus.Metric) {
	for _, uses := range s.Uses() {
		out <- prometheus.MustNewConstMetric(usesTotal, prometheus.CounterValue, uses.Protected, uses.Type, "protect")
		out <- prometheus.MustNewConstMetric(usesTotal, prometheus.CounterValue, uses.Processed, uses.Type, "process")
	}
	out <- gauge(cachedKeys, float64(s.Cached()))
	if inventory := s.Inventory(); inventory != nil {
		inventory.collect(out)
	}
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (i *Inventory) collect(out chan<- prometheus.Metric) {
	out <- gauge(inventoryTime, float64(i.Time.Unix()))
	for desc, counts := range map[*prometheus.Desc]map[string]int{
		keysByStatus: i.Summary.KeysByStatus, versionsBy: i.Summary.VersionsByType, exposedBy: i.Summary.VersionsByExposure,
	} {
		for label, count := range counts {
			out <- gauge(desc, float64(count), label)
		}
	}
	out <- gauge(violating, float64(i.Summary.Violating))
	out <- gauge(overdue, float64(i.Summary.Overdue))
	out <- gauge(neverUsed, float64(i.Summary.NeverUsed))
	buckets, below := map[float64]uint64{}, uint64(0)
	for bucket, bound := range ages {
		below += i.ages[bucket]
		buckets[bound] = below
	}
	out <- prometheus.MustNewConstHistogram(keyAge, i.count, i.sum, buckets)
}
