package hsmseal_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func TestMain(m *testing.M) {
	if worker.Requested(os.Args) {
		worker.Main()
		return
	}
	goleak.VerifyTestMain(m)
}
