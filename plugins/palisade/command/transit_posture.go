package command

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/posture"
)

const formCycloneDX = "cyclonedx"

var _ = register(command{
	name:      "transit posture",
	synopsis:  "Say what a quantum computer would do to a mount's keys, and where to go",
	arguments: "MOUNT",
	forms:     []string{formCycloneDX},
	description: `
Reports every key of a pqtransit mount: its type, whether and how a quantum computer would harm it
(harvest-now-decrypt-later, forgery or none), the last use, the rotation, violations of the mount's
crypto policy, and the recommended successor. -format=json has every version as well;
-format=cyclonedx is a CycloneDX 1.6 cryptographic bill of materials. docs/quantum-posture.md says
how to read it. The report reads and changes nothing; the token needs read on MOUNT/posture.

The exit code is 0 when every key is quantum-safe, complies with the policy and rotates in time,
3 when some does not, 1 and 2 for errors.`,
	examples: []example{
		{"The keys of a mount", "palisade transit posture pqtransit"},
		{"Those that quantum computers threaten, with the type to rotate to", `palisade transit posture -format=json pqtransit |
  jq -r '.keys[] | select(.status == "exposed") | [.name, .successors[]] | @tsv'`},
		{"A bill of materials", "palisade transit posture -format=cyclonedx pqtransit >cbom.json"},
	},
	build: func(*flag.FlagSet) run { return showPosture },
})

// postureForm writes a report key by key.
type postureForm interface {
	begin() error
	add(posture.KeyReport) error
	end(*posture.Summary) error
}

func showPosture(ctx context.Context, c *call) error {
	vault, err := c.client()
	if err != nil {
		return err
	}
	mount := client.NewMount(vault, c.arguments[0])
	form := c.postureForm(mount.Path())
	summary := posture.NewSummary()
	p := c.progress("keys looked at", 0)
	begun := false
	err = mount.Posture(ctx, func(keys []posture.KeyReport) error {
		p.add(len(keys))
		if !begun {
			begun = true
			if err := form.begin(); err != nil {
				return err
			}
		}
		for _, key := range keys {
			summary.Add(key)
			if err := form.add(key); err != nil {
				return err
			}
		}
		return nil
	})
	p.end()
	if err != nil {
		return err
	}
	if err := form.end(summary); err != nil {
		return err
	}
	if summary.KeysByStatus[posture.QuantumSafe] < summary.Keys || summary.Violating+summary.Overdue > 0 {
		return errNo
	}
	return nil
}

func (c *call) postureForm(mount string) postureForm {
	switch c.format {
	case formJSON:
		return &postureJSON{out: c.process.Out, mount: mount}
	case formCycloneDX:
		return &postureBOM{out: c.process.Out, about: posture.Document{
			Mount: mount, Serial: uuid.NewString(), Tool: "palisade", Version: backend.Version, Time: time.Now(),
		}}
	}
	return &postureTable{table: newTable(c.process.Out), mount: mount}
}

type postureTable struct {
	table *table
	mount string
}

func (t *postureTable) begin() error {
	t.table.head("Key", "Version", "Type", "Status", "Quantum exposure", "Category", "Last used", "Rotation", "Violations", "Successor")
	return nil
}

func (t *postureTable) add(key posture.KeyReport) error {
	var rules []string
	for _, violation := range key.Violations {
		rules = append(rules, violation.Rule)
	}
	latest := key.Versions[len(key.Versions)-1]
	t.table.row(key.Name, key.LatestVersion, key.Type, key.Status, strings.Join(key.Exposure, ", "), latest.SecurityCategory,
		day(key.LastUsed), rotationWords(key.Rotation), orDash(strings.Join(rules, ", ")), successorWords(key))
	return t.table.fault
}

func (t *postureTable) end(summary *posture.Summary) error {
	t.table.text("\n%d keys of %s: %d exposed, %d with exposed old versions, %d quantum-safe; %d violate the crypto policy, %d are overdue for rotation.",
		summary.Keys, t.mount, summary.KeysByStatus[posture.Exposed], summary.KeysByStatus[posture.OldVersionsExposed],
		summary.KeysByStatus[posture.QuantumSafe], summary.Violating, summary.Overdue)
	return t.table.flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// day is the date of a time in RFC 3339.
func day(stamp string) string {
	date, _, _ := strings.Cut(stamp, "T")
	return orDash(date)
}

func rotationWords(rotation posture.RotationReport) string {
	switch {
	case rotation.Overdue:
		return "overdue since " + day(rotation.Next)
	case rotation.Next != "":
		return "next " + day(rotation.Next)
	}
	return "-"
}

func successorWords(key posture.KeyReport) string {
	var words []string
	for _, purpose := range slices.Sorted(maps.Keys(key.Successors)) {
		words = append(words, key.Successors[purpose])
	}
	if len(words) == 0 {
		return orDash(key.Note)
	}
	return strings.Join(words, " or ")
}

// postureJSON writes one object as it goes.
type postureJSON struct {
	out   io.Writer
	mount string
	some  bool
}

func (j *postureJSON) begin() error {
	mount, err := json.Marshal(j.mount)
	if err != nil {
		return fmt.Errorf("writing the result: %v", err)
	}
	return j.write("{\n  \"mount\": " + string(mount) + ",\n  \"keys\": [")
}

func (j *postureJSON) add(key posture.KeyReport) error {
	between := "\n    "
	if j.some {
		between = ",\n    "
	}
	j.some = true
	return j.encode(between, key)
}

func (j *postureJSON) end(summary *posture.Summary) error {
	if err := j.encode("\n  ],\n  \"summary\": ", summary); err != nil {
		return err
	}
	return j.write("\n}\n")
}

func (j *postureJSON) encode(before string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing the result: %v", err)
	}
	return j.write(before + string(encoded))
}

func (j *postureJSON) write(text string) error {
	if _, err := io.WriteString(j.out, text); err != nil {
		return fmt.Errorf("writing the result: %v", err)
	}
	return nil
}

type postureBOM struct {
	out   io.Writer
	about posture.Document
	bom   *posture.BOM
}

func (b *postureBOM) begin() error {
	b.bom = posture.NewBOM(b.out, b.about)
	return nil
}

func (b *postureBOM) add(key posture.KeyReport) error {
	b.bom.Add(key)
	return nil
}

func (b *postureBOM) end(*posture.Summary) error { return b.bom.Close() }
