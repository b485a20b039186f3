package hsmseal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

const (
	// drainTimeout is how long requests may run on after the daemon is told to
	// end; longer than any request's deadline.
	drainTimeout = requestTimeout + 2*time.Second
	headerBytes  = 16 << 10
)

// Serve runs the daemon until the context ends, then lets running requests end
// and returns nil. It fails when no tenant can be served without the operator,
// and not for a token that is merely away: its tenants answer when it is back.
func Serve(ctx context.Context, config Config, log hclog.Logger) (err error) {
	if err := prepareStateDir(config); err != nil {
		return err
	}
	lock, err := lockFile(config.lockPath("daemon"), false)
	if errors.Is(err, errLocked) {
		return fmt.Errorf("another daemon runs with state directory %s", config.StateDir)
	}
	if err != nil {
		return fmt.Errorf("locking the state directory: %v", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	// Before the workers start: listen changes the umask, which is the process's
	// and its children's, so a worker's directory would get the wrong mode.
	listener, err := listen(ctx, config.Listener)
	if err != nil {
		return err
	}
	tokens, stop, err := startTokens(ctx, config, log)
	defer stop()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	opener := Opener{Config: config, Tokens: tokens, Random: rand.Reader, Now: time.Now, Log: log}
	return NewServer(opener).Run(ctx, listener, time.After)
}

// startTokens starts a worker process for each configured token, when nothing is
// wrong with any that can be seen before.
func startTokens(ctx context.Context, config Config, log hclog.Logger) (map[string]worker.Token, func(), error) {
	var started []*worker.Supervised
	stop := func() {
		for _, token := range started {
			token.Close()
		}
	}
	tokens := map[string]worker.Token{}
	for _, token := range config.Tokens {
		if _, err := os.Stat(token.Module); err != nil {
			return nil, stop, fmt.Errorf("token %q: PKCS#11 module: %v", token.Name, err)
		}
		if token.PIN.FD != 0 {
			unix.CloseOnExec(token.PIN.FD) // not for the libraries of other tokens
		}
	}
	for _, token := range config.Tokens {
		supervised, err := worker.Start(ctx, token.Config, log.Named("token."+token.Name))
		if err != nil {
			return nil, stop, fmt.Errorf("token %q: %v", token.Name, err)
		}
		started = append(started, supervised)
		tokens[token.Name] = supervised
	}
	return tokens, stop, nil
}

// Run opens the tenants and serves on the listener until the context ends; then
// running requests end first. It closes the listener. after is time.After
// outside tests.
func (s *Server) Run(ctx context.Context, listener net.Listener, after func(time.Duration) <-chan time.Time) error {
	httpServer := &http.Server{
		Handler: s, ConnContext: withPeerUID, MaxHeaderBytes: headerBytes,
		ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout,
		WriteTimeout: drainTimeout, IdleTimeout: time.Minute,
		ErrorLog: s.log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	opening, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	ended := make(chan error, 2)
	group.Go(func() {
		if err := openAll(opening, s.tenants, s.opener, after); err != nil {
			ended <- err
			return
		}
		s.log.Info("ready", "address", "unix://"+listener.Addr().String())
	})
	group.Go(func() { ended <- httpServer.Serve(listener) })
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
		s.log.Info("ending: letting requests finish")
	}
	drain, cancelDrain := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancelDrain()
	if ctx.Err() != nil {
		failed = nil // what broke off because the daemon ends is no failure
	}
	return errors.Join(failed, httpServer.Shutdown(drain))
}
