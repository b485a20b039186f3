package keyring

import (
	"errors"
	"testing"
)

func TestTheGateRefusesWhatItDoesNotKnow(t *testing.T) {
	open := &Key{Name: "k", Settings: Settings{Exportable: true, AllowPlaintextBackup: true}}
	closed := &Key{Name: "k"}
	for way := Way(-1); way < WayBackup+3; way++ {
		known := way >= WayExport && way <= WayBackup
		if _, err := open.release(way); (err == nil) != known {
			t.Errorf("way %d, open: %v", way, err)
		}
		released, err := closed.release(way)
		var refusal *Refusal
		if !errors.As(err, &refusal) || released.key != nil {
			t.Errorf("way %d, closed: %v", way, err)
		}
	}
}
