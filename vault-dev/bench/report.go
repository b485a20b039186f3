package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// report is what a run found.
type report struct {
	Machine string
	Command string
	Began   time.Time
	Lines   []*measurement
	Skipped []string
}

func newReport(Options) *report {
	return &report{
		Machine: machine(), Command: "make bench BENCH=" + fmt.Sprintf("%q", strings.Join(os.Args[1:], " ")),
		Began: time.Now().UTC().Truncate(time.Second),
	}
}

// machine is the processor's name and what of it Go may use.
func machine() string {
	model := "unknown processor"
	raw, _ := os.ReadFile("/proc/cpuinfo") // elsewhere than on Linux the name stays unknown
	for line := range strings.Lines(string(raw)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", model, runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// write prints Markdown.
func (r *report) write(out io.Writer) error {
	var text strings.Builder
	r.head(&text)
	text.WriteString("| key | operation | items | conns | c req/s | c p50 ms | c p99 ms | bare µs | c/a | c/b | c/d | CPU c/b | CPU c/d | CPU c/(d + bare) |\n")
	text.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, m := range r.Lines {
		fmt.Fprintf(&text, "| %s | %s | %s | %d | %.1f | %.2f | %.2f | %.1f | %s | %s | %s | %.2f | %.2f | %.2f |\n",
			m.Key, m.Operation, itemsText(m.Batch), m.Connections, m.rate(ours).Median,
			m.latency(ours, 50).Seconds()*1000, m.latency(ours, 99).Seconds()*1000, m.bare().Median,
			m.ratio(builtin), m.ratio(external), m.ratio(floor), m.cpu(external), m.cpu(floor), m.cpuOverFloor())
	}
	r.writeTargets(&text)
	for _, skipped := range r.Skipped {
		fmt.Fprintf(&text, "\nNot measured: %s.\n", skipped)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (r *report) head(text *strings.Builder) {
	fmt.Fprintf(text, "%s. %s. `%s`\n\n", r.Began.Format(time.DateTime+" MST"), r.Machine, r.Command)
	text.WriteString("c is pqtransit, a the built-in transit, b the same as an external plugin, d a plugin that does nothing. Ratios are of\n" +
		"throughput, above 1 where pqtransit is faster: the median of the rounds, with the least and the most. `bare` is one\n" +
		"item's cryptography, without Vault; `CPU` is the processor time of a request in Vault and the plugin together, which\n" +
		"other work on the machine disturbs least: below 1 pqtransit needs less.\n\n")
}

func itemsText(batch int) string {
	if batch == 0 {
		return "single"
	}
	return fmt.Sprint(batch)
}

// writeTargets prints each target with the lines that meet it and those that miss it.
func (r *report) writeTargets(text *strings.Builder) {
	text.WriteString("\n| target | line | measured | |\n|---|---|---|---|\n")
	for _, t := range targets {
		for _, m := range r.Lines {
			for _, v := range m.verdicts() {
				if v.Target != t.text {
					continue
				}
				verdict := "missed"
				if v.Met {
					verdict = "met"
				}
				fmt.Fprintf(text, "| %s | %s | %s | %s |\n", v.Target, m.cell, v.Measured, verdict)
			}
		}
	}
}

// line is a measurement as JSON has it.
type line struct {
	cell
	Rate                          map[string]spread // requests a second, by engine
	CPUMicroseconds               map[string]float64
	P50, P99                      map[string]float64
	BareMicroseconds              spread
	OverBuiltin, External, Floor  spread
	OverFloorPlusBareCryptography spread
	CPUOverFloorPlusBare          float64
	Targets                       []verdict
}

func (m *measurement) MarshalJSON() ([]byte, error) {
	l := line{
		cell: m.cell, Rate: map[string]spread{}, CPUMicroseconds: map[string]float64{}, P50: map[string]float64{}, P99: map[string]float64{},
		BareMicroseconds: m.bare(), OverBuiltin: m.ratio(builtin), External: m.ratio(external), Floor: m.ratio(floor),
		OverFloorPlusBareCryptography: m.overFloor(1), CPUOverFloorPlusBare: m.cpuOverFloor(), Targets: m.verdicts(),
	}
	for _, e := range m.engines() {
		l.Rate[e.letter] = m.rate(e)
		l.CPUMicroseconds[e.letter] = m.cpuPerRequest(e)
		l.P50[e.letter] = m.latency(e, 50).Seconds() * 1000
		l.P99[e.letter] = m.latency(e, 99).Seconds() * 1000
	}
	return json.Marshal(l)
}

func (r *report) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
