package bench

import (
	"fmt"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// verdict is one target and what was measured.
type verdict struct {
	Target   string
	Measured string
	Met      bool
}

// target is one that holds of some cells.
type target struct {
	text    string
	applies func(c cell, algorithm *suite.Suite) bool
	judge   func(m *measurement) (measured string, met bool)
}

const (
	overFloorAtMost = 1.10
	overExternal    = 1.15
	overBuiltin     = 1.5
	slowest         = 200 * time.Millisecond
)

// targets are those of the project.
var targets = []target{
	{
		text:    "at most 10 % behind the floor plus the bare cryptography",
		applies: func(c cell, a *suite.Suite) bool { return c.Batch == 0 || isAES(a) },
		judge:   func(m *measurement) (string, bool) { return atMost(m.overFloor(1), overFloorAtMost) },
	},
	{
		text: "at least 1.15 times the external transit",
		applies: func(c cell, a *suite.Suite) bool {
			return a.StoredAs != suite.NotCommunity && (c.Batch == 0 || isAES(a))
		},
		judge: func(m *measurement) (string, bool) { return atLeast(m.ratio(external), overExternal) },
	},
	{
		text:    "at least 1.5 times the built-in at one connection",
		applies: func(c cell, a *suite.Suite) bool { return c.Batch > 1 && c.Connections == 1 && isRSA(a) },
		judge:   func(m *measurement) (string, bool) { return atLeast(m.ratio(builtin), overBuiltin) },
	},
	{
		text:    "at most 10 % behind the floor plus half the bare cryptography",
		applies: func(c cell, a *suite.Suite) bool { return c.Batch > 1 && !isAES(a) && !isRSA(a) },
		judge: func(m *measurement) (string, bool) {
			share := 0.5
			if m.Connections > 1 {
				share = 1 // both cores are at work on other requests already
			}
			return atMost(m.overFloor(share), overFloorAtMost)
		},
	},
	{
		text:    "p99 below 200 ms at 8 connections",
		applies: func(c cell, a *suite.Suite) bool { return c.Batch == 0 && c.Connections == 8 && !a.Slow },
		judge: func(m *measurement) (string, bool) {
			p99 := m.latency(ours, 99)
			return fmt.Sprintf("%.1f ms", p99.Seconds()*1000), p99 < slowest
		},
	},
}

func isAES(a *suite.Suite) bool { return !a.Asymmetric }
func isRSA(a *suite.Suite) bool { return len(a.PaddingSchemes) > 0 }

func atMost(s spread, bound float64) (string, bool)  { return s.String(), s.Median <= bound }
func atLeast(s spread, bound float64) (string, bool) { return s.String(), s.Median >= bound }

// verdicts judges a line by every target that applies to it.
func (m *measurement) verdicts() []verdict {
	algorithm, _ := suite.Lookup(m.Key)
	var list []verdict
	for _, t := range targets {
		if t.applies(m.cell, algorithm) {
			measured, met := t.judge(m)
			list = append(list, verdict{Target: t.text, Measured: measured, Met: met})
		}
	}
	return list
}
