package usage

import "sync/atomic"

// Demand is a number of operations and the bytes in them.
type Demand struct{ Operations, Bytes int64 }

// Plus is both together.
func (d Demand) Plus(more Demand) Demand {
	return Demand{Operations: d.Operations + more.Operations, Bytes: d.Bytes + more.Bytes}
}

// Within reports whether neither is more than its limit.
func (d Demand) Within(limit Demand) bool {
	return d.Operations <= limit.Operations && d.Bytes <= limit.Bytes
}

// Take counts what is about to be done against what was granted, and reports whether that
// covers it; if not, whoever takes has to have more granted before doing it. What is taken is
// never given back, also where nothing is done: a count that guards a limit may be too high.
func (c *Counter) Take(demand Demand) bool {
	operations := c.taken.operations.Add(demand.Operations)
	bytes := c.taken.bytes.Add(demand.Bytes)
	return operations <= c.granted.operations.Load() && bytes <= c.granted.bytes.Load()
}

// Covered reports whether everything that was taken is granted.
func (c *Counter) Covered() bool { return load(&c.taken).Within(load(&c.granted)) }

// Begin says what was reserved of the version, and what is stored of its use, before the first
// grant of this process. Later calls change nothing.
func (c *Counter) Begin(reserved Demand, stored Total) {
	if c.begun {
		return
	}
	c.begun = true
	c.base = Demand{
		Operations: max(reserved.Operations, stored.Operations-c.drained.Operations),
		Bytes:      max(reserved.Bytes, stored.Bytes-c.drained.Bytes),
	}
}

// Used is everything that was ever taken, or counts as such.
func (c *Counter) Used() Demand { return c.base.Plus(load(&c.taken)) }

// Reserved is what is to be stored as used: what was taken or may be taken at any time. begun is
// false for a counter of which nothing was ever granted.
func (c *Counter) Reserved() (reserved Demand, begun bool) {
	taken, granted := load(&c.taken), load(&c.granted)
	return c.base.Plus(Demand{
		Operations: max(taken.Operations, granted.Operations),
		Bytes:      max(taken.Bytes, granted.Bytes),
	}), c.begun
}

// Grant covers whatever is taken until Used is that total, which was stored before.
func (c *Counter) Grant(total Demand) {
	c.granted.operations.Store(total.Operations - c.base.Operations)
	c.granted.bytes.Store(total.Bytes - c.base.Bytes)
}

// Revoke takes back what was granted and not taken: from now on every Take wants a grant.
func (c *Counter) Revoke() {
	c.granted.operations.Store(0)
	c.granted.bytes.Store(0)
}

func load(pair *struct{ operations, bytes atomic.Int64 }) Demand {
	return Demand{Operations: pair.operations.Load(), Bytes: pair.bytes.Load()}
}
