package worker

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

const (
	// startTimeout bounds a worker's start, C_Initialize and login included.
	startTimeout = 10 * time.Second
	// finishTimeout bounds its clean end.
	finishTimeout = time.Second
)

// errLost means that the worker process died, was killed for overrunning its
// deadline, or never came up.
var errLost = errors.New("token worker lost")

// process is one worker process. It is used after ready is closed and err has
// been found nil.
type process struct {
	ready chan struct{}
	err   error

	deadline time.Duration
	life     context.Context    // of the process
	kill     context.CancelFunc // ends it: SIGKILL
	client   *plugin.Client
	rpc      *rpc.Client
	calls    sync.WaitGroup

	lifeline *os.File
	sockets  string
	ending   sync.Once
}

// newProcess makes a process that does not run yet; begin starts it.
func newProcess(deadline time.Duration) *process {
	life, kill := context.WithCancel(context.Background())
	return &process{ready: make(chan struct{}), deadline: deadline, life: life, kill: kill}
}

// begin starts the worker and sets it up; it closes ready when done. The
// token's own trouble is logged and is no failure of the worker.
func (p *process) begin(config Config, pin secret, log hclog.Logger) {
	defer close(p.ready)
	if p.err = p.start(config, log); p.err != nil {
		p.err = fmt.Errorf("%w: %v", errLost, p.err)
		return
	}
	reply, err := p.callWithin(context.Background(), startTimeout, "Setup", Setup{
		Module: config.Module, Label: config.Label, Serial: config.Serial,
		StateDir: config.StateDir, PIN: pin, Deadline: p.deadline,
	})
	if p.err = err; err != nil {
		return
	}
	if err := reply.Fault.decode(); err != nil {
		log.Error("token is not available", "token", config.Name, "error", err)
	}
}

func (p *process) start(config Config, log hclog.Logger) error {
	command, err := p.command(config)
	if err != nil {
		return err
	}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{pluginName: rpcPlugin{}},
		Cmd:             command,
		AutoMTLS:        true,
		SkipHostEnv:     true,
		StartTimeout:    startTimeout,
		Logger:          log.With("token", config.Name),
	})
	protocol, err := p.client.Client()
	if closeErr := command.ExtraFiles[0].Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(pluginName)
	if err != nil {
		return err
	}
	client, ok := dispensed.(*rpc.Client)
	if !ok {
		return fmt.Errorf("internal error: dispensed a %T", dispensed)
	}
	p.rpc = client
	return nil
}

// call makes one call. The worker is killed when it has not answered within
// the deadline, even if the caller's context has ended before.
func (p *process) call(ctx context.Context, method string, request any) (*Answer, error) {
	return p.callWithin(ctx, p.deadline, method, request)
}

func (p *process) callWithin(ctx context.Context, limit time.Duration, method string, request any) (*Answer, error) {
	reply := new(Answer)
	guard := time.AfterFunc(limit, p.kill)
	call := p.rpc.Go("Plugin."+method, request, reply, make(chan *rpc.Call, 1))
	finished := make(chan struct{})
	p.calls.Go(func() {
		<-call.Done
		guard.Stop()
		close(finished)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-finished:
	}
	if call.Error != nil {
		return nil, fmt.Errorf("%w during %s: %v", errLost, method, call.Error)
	}
	return reply, nil
}

// end ends the worker, cleanly when asked to and when it can in time, and waits
// until it is gone. A clean end lets a start finish, which has its own limits:
// a worker killed inside C_Login would leave the PIN guard an attempt without
// an outcome, and two of these close it. It may be called more than once.
func (p *process) end(clean bool) error {
	var err error
	p.ending.Do(func() {
		if !clean {
			p.kill()
		}
		<-p.ready
		if clean && p.err == nil {
			// Whatever it answers, it is ended.
			_, _ = p.callWithin(context.Background(), finishTimeout, "Finish", struct{}{})
		}
		err = p.release()
	})
	return err
}

func (p *process) release() error {
	if p.client != nil {
		guard := time.AfterFunc(finishTimeout, p.kill) // its request to quit has no limit
		p.client.Kill()
		guard.Stop()
	}
	p.kill()
	p.calls.Wait()
	var err error
	if p.lifeline != nil {
		err = p.lifeline.Close()
	}
	if p.sockets != "" {
		err = errors.Join(err, os.RemoveAll(p.sockets))
	}
	return err
}
