package worker

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// TestBackOff holds that a token whose worker keeps failing answers at once,
// and keeps a refused PIN told from a device that is away.
func TestBackOff(t *testing.T) {
	tests := []struct {
		name  string
		cause error
		want  error
	}{
		{"lost", errLost, ErrDevice},
		{"pin", fmt.Errorf("%w: the token refused", ErrPIN), ErrPIN},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &Supervised{config: Config{Name: "x"}, log: hclog.NewNullLogger(), failures: 20}
			s.current = newProcess(time.Second)
			s.retire(s.current, test.cause)
			_, err := s.call(t.Context(), "Status", struct{}{})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), "starts again in") {
				t.Fatalf("got %v", err)
			}
			if s.started != 0 {
				t.Fatal("a worker was started")
			}
		})
	}
}

// TestRetireOnce holds that many calls that lose one worker count one failure.
func TestRetireOnce(t *testing.T) {
	s := &Supervised{log: hclog.NewNullLogger()}
	first := newProcess(time.Second)
	s.current = first
	for range 5 {
		s.retire(first, errLost)
	}
	if s.failures != 1 || s.previous != first {
		t.Fatalf("%d failures", s.failures)
	}
}
