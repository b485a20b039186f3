package worker_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// TestMain lets this test binary be its own worker.
func TestMain(m *testing.M) {
	if worker.Requested(os.Args) {
		worker.Main()
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "daemon" {
		daemon()
		return
	}
	goleak.VerifyTestMain(m)
}
