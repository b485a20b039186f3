package pqtransit_test

import (
	"runtime"
	"testing"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
)

// Operations leave nothing behind: what lives after many is what lived after few. The bench
// command watches a real plugin's process over a million (docs/benchmarks.md).
func TestMemoryStaysFlat(t *testing.T) {
	const few, many, slack = 300, 3_000, 256 << 10
	m := backendtest.New(t, pqtransit.Factory)
	for _, key := range []string{"aes256-gcm96", "x25519-mlkem768", "ed25519"} {
		m.MustWrite("keys/"+key, object{"type": key})
	}
	operate := func(count int) {
		for range count {
			m.MustWrite("encrypt/aes256-gcm96", object{"batch_input": numbered(3)})
			m.MustWrite("sign/ed25519", object{"input": b64("x")})
			m.MustWrite("hmac/x25519-mlkem768", object{"input": b64("x")})
		}
	}
	operate(few)
	before := live()
	operate(many)
	if after := live(); after > before+slack {
		t.Errorf("%d bytes live after %d rounds, %d after %d", after, many+few, before, few)
	}
}

// live is the heap after a full collection.
func live() uint64 {
	runtime.GC()
	runtime.GC() // what has a finalizer, or lies in a pool, goes with the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
