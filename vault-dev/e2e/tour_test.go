package e2e_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/vault-dev/tour"
)

// The tour checks itself; it must do so twice, since `make dev` is repeated.
func TestTour(t *testing.T) {
	for range 2 {
		var out bytes.Buffer
		config := dev
		config.Out = &out
		if err := tour.Run(t.Context(), config); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		for _, part := range []string{"$ vault write pqtransit/keys/tour-orders", "$ vault login", "$ palisade-dev restart", "hmac-sha256:"} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("the tour does not show %q", part)
			}
		}
	}
}
