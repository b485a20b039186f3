package keyring

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// agenda is when which key has something to do by itself, so that the periodic work touches no
// other key. It lives in memory: after a start every key is looked at once, a part at each
// call, and from then on whoever loads or changes a key notes it here.
type agenda struct {
	mu   sync.Mutex // guards the other fields
	at   map[string]time.Time
	seen string // every key up to this name was looked at
	done bool   // every key was
}

// note puts a key down for that time; zero strikes it off.
func (a *agenda) note(name string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.IsZero() {
		delete(a.at, name)
		return
	}
	if a.at == nil {
		a.at = map[string]time.Time{}
	}
	a.at[name] = at
}

// due are the names whose time has come, in order.
func (a *agenda) due(now time.Time) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := maps.Clone(a.at)
	maps.DeleteFunc(due, func(_ string, at time.Time) bool { return at.After(now) })
	return slices.Sorted(maps.Keys(due))
}

// unseen are at most limit of the names, in order, that were not looked at yet.
func (a *agenda) unseen(names []string, limit int) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(names)
	rest := names
	if a.seen != "" {
		rest = names[sortedAfter(names, a.seen):]
	}
	return rest[:min(limit, len(rest))]
}

func sortedAfter(names []string, name string) int {
	index, found := slices.BinarySearch(names, name)
	if found {
		index++
	}
	return index
}

// looked notes that those names were looked at, and whether they were the last.
func (a *agenda) looked(names []string, limit int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(names) > 0 {
		a.seen = names[len(names)-1]
	}
	a.done = len(names) < limit
}

func (a *agenda) complete() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}
