package keyring

import (
	"container/list"
	"sync"
)

// recency bounds how many keys are cached, by dropping the one whose last use is longest
// ago. It may be used by many goroutines.
type recency struct {
	mu    sync.Mutex // guards the other fields
	limit int        // 0 is no limit
	order *list.List // of names, the last used first
	at    map[string]*list.Element
}

func newRecency(limit int) *recency {
	return &recency{limit: limit, order: list.New(), at: map[string]*list.Element{}}
}

// used notes the use of a cached key, and names the one to drop for it, "" for none.
func (r *recency) used(name string) (drop string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if element, ok := r.at[name]; ok {
		r.order.MoveToFront(element)
		return ""
	}
	r.at[name] = r.order.PushFront(name)
	if len(r.at) <= r.limit {
		return ""
	}
	oldest := r.order.Back()
	drop, _ = r.order.Remove(oldest).(string)
	delete(r.at, drop)
	return drop
}

// forget notes that a key is no longer cached.
func (r *recency) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if element, ok := r.at[name]; ok {
		r.order.Remove(element)
		delete(r.at, name)
	}
}
