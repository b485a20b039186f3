package pinguard_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/hsmseal/pinguard"
)

var (
	digestA = []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	digestB = []byte("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")
)

func record(state pinguard.State, attempts int) *pinguard.Record {
	return &pinguard.Record{Digest: digestA, State: state, Attempts: attempts}
}

func TestDecide(t *testing.T) {
	low, final, locked := pinguard.Flags{CountLow: true}, pinguard.Flags{CountLow: true, FinalTry: true}, pinguard.Flags{Locked: true}
	tests := []struct {
		name   string
		record *pinguard.Record
		digest []byte
		flags  pinguard.Flags
		want   pinguard.Reason
	}{
		{"first login", nil, digestA, pinguard.Flags{}, ""},
		{"first login, others failed", nil, digestA, low, ""},
		{"first login, last try", nil, digestA, final, pinguard.RefusedFinalTry},
		{"first login, locked", nil, digestA, locked, pinguard.RefusedLocked},
		{"accepted", record(pinguard.Accepted, 0), digestA, pinguard.Flags{}, ""},
		{"accepted, others failed", record(pinguard.Accepted, 0), digestA, low, ""},
		{"accepted, last try", record(pinguard.Accepted, 0), digestA, final, ""},
		{"accepted, locked", record(pinguard.Accepted, 0), digestA, locked, pinguard.RefusedLocked},
		{"wrong", record(pinguard.Wrong, 0), digestA, pinguard.Flags{}, pinguard.RefusedWrong},
		{"wrong, changed", record(pinguard.Wrong, 0), digestB, low, ""},
		{"wrong, changed, last try", record(pinguard.Wrong, 0), digestB, final, pinguard.RefusedFinalTry},
		{"locked before", record(pinguard.Locked, 0), digestA, pinguard.Flags{}, pinguard.RefusedLocked},
		{"locked before, changed and unlocked", record(pinguard.Locked, 0), digestB, pinguard.Flags{}, ""},
		{"locked before, changed", record(pinguard.Locked, 0), digestB, locked, pinguard.RefusedLocked},
		{"died once", record(pinguard.Pending, 1), digestA, pinguard.Flags{}, ""},
		{"died once, counted", record(pinguard.Pending, 1), digestA, low, pinguard.RefusedCountLow},
		{"died once, last try", record(pinguard.Pending, 1), digestA, pinguard.Flags{FinalTry: true}, pinguard.RefusedCountLow},
		{"died twice", record(pinguard.Pending, 2), digestA, pinguard.Flags{}, pinguard.RefusedTwice},
		{"died twice, changed", record(pinguard.Pending, 2), digestB, pinguard.Flags{}, ""},
		{"unjudged", record(pinguard.Unjudged, 0), digestA, pinguard.Flags{}, ""},
		{"unjudged, counted", record(pinguard.Unjudged, 0), digestA, low, pinguard.RefusedCountLow},
		{"unknown state", record("new", 0), digestA, pinguard.Flags{}, pinguard.RefusedWrong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := pinguard.Decide(test.record, test.digest, test.flags); got != test.want {
				t.Fatalf("got %q, want %q", got, test.want)
			}
		})
	}
}

// crashes plays a daemon that restarts for ever with one PIN against a token
// that counts wrong ones, dying where fate says, and returns how often the
// token counted a failure and how often it was asked.
func crashes(fate *rapid.T, right, reports bool) (failures, asked int, record *pinguard.Record) {
	for range rapid.IntRange(1, 20).Draw(fate, "restarts") {
		flags := pinguard.Flags{CountLow: reports && failures > 0}
		if pinguard.Decide(record, digestA, flags) != "" {
			continue
		}
		pending := pinguard.Begin(record, digestA)
		record = &pending
		if rapid.Bool().Draw(fate, "dies before the call") {
			continue
		}
		asked++
		if right {
			failures = 0
		} else {
			failures++
		}
		if rapid.Bool().Draw(fate, "dies inside the call") {
			continue
		}
		outcome := pinguard.Wrong
		if right {
			outcome = pinguard.Accepted
		}
		ended := pinguard.End(pending, outcome)
		record = &ended
	}
	return failures, asked, record
}

// TestCrashLoop holds decision by decision what the guard is for: however a
// daemon dies, a wrong PIN reaches the token at most twice, at most once where
// the token reports its counter, and once only without a death.
func TestCrashLoop(t *testing.T) {
	rapid.Check(t, func(fate *rapid.T) {
		reports := rapid.Bool().Draw(fate, "token reports its counter")
		failures, _, _ := crashes(fate, false, reports)
		limit := 2
		if reports {
			limit = 1
		}
		if failures > limit {
			fate.Fatalf("%d failures counted, limit %d", failures, limit)
		}
	})
}

// TestRightPINRecovers holds that one death inside a login with the right PIN
// closes nothing.
func TestRightPINRecovers(t *testing.T) {
	rapid.Check(t, func(fate *rapid.T) {
		_, _, last := crashes(fate, true, true)
		if last == nil || last.State == pinguard.Accepted || last.Attempts == 1 {
			if reason := pinguard.Decide(last, digestA, pinguard.Flags{}); reason != "" {
				fate.Fatalf("refused after %+v: %s", last, reason)
			}
		}
	})
}

// TestWrongStaysWrong holds that no sequence of flags lets a recorded wrong PIN
// through, and that nothing passes a locked token.
func TestWrongStaysWrong(t *testing.T) {
	rapid.Check(t, func(fate *rapid.T) {
		flags := pinguard.Flags{
			CountLow: rapid.Bool().Draw(fate, "low"),
			FinalTry: rapid.Bool().Draw(fate, "final"),
			Locked:   rapid.Bool().Draw(fate, "locked"),
		}
		if pinguard.Decide(record(pinguard.Wrong, 0), digestA, flags) == "" {
			fate.Fatal("a wrong PIN was let through")
		}
		flags.Locked = true
		state := rapid.SampledFrom([]pinguard.State{pinguard.Pending, pinguard.Accepted, pinguard.Wrong, pinguard.Locked, pinguard.Unjudged}).Draw(fate, "state")
		digest := rapid.SampledFrom([][]byte{digestA, digestB}).Draw(fate, "digest")
		if pinguard.Decide(record(state, 1), digest, flags) != pinguard.RefusedLocked {
			fate.Fatal("a locked token was asked")
		}
	})
}
