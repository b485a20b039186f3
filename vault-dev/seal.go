package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// startSeal brings hsmseald up under its supervisor and waits for its socket.
// A daemon that runs from an older program is replaced.
func (c Config) startSeal(ctx context.Context) error {
	daemon, err := c.install(sealProgram, "bin")
	if err != nil {
		return err
	}
	socket, err := c.socketPath()
	if err != nil {
		return err
	}
	if err := c.renderSeal(socket); err != nil {
		return err
	}
	if err := c.ensureSealToken(ctx, daemon); err != nil {
		return err
	}
	supervisor, err := c.copySelf()
	if err != nil {
		return err
	}
	running, err := process.ReadRecord(c.SupervisorPIDFile())
	if err != nil {
		return err
	}
	before := logSize(c.SealLog())
	if running.Alive() && running.Mark == daemon.sum {
		c.note("hsmseald runs already")
		return c.waitForSeal(ctx, socket, before)
	}
	if err := process.Stop(ctx, c.SupervisorPIDFile(), stopGrace); err != nil {
		return err
	}
	if err := c.startSupervisor(supervisor, daemon); err != nil {
		return err
	}
	if err := c.waitForSeal(ctx, socket, before); err != nil {
		return errors.Join(err, c.stopSeal(ctx))
	}
	return c.prune(sealProgram, "bin", daemon)
}

func (c Config) startSupervisor(supervisor string, daemon installed) error {
	c.say("starting hsmseald, which keeps Vault's unseal key in the token")
	env, err := c.daemonEnvironment()
	if err != nil {
		return err
	}
	_, err = process.Start(process.Spec{
		Program: supervisor,
		Args:    []string{"supervise", "-dir", c.Dir, "-program", daemon.path},
		Env:     env,
		Log:     c.SealLog(), PIDFile: c.SupervisorPIDFile(), Mark: daemon.sum,
	})
	return err
}

// SuperviseSeal keeps the hsmseald at program running until ctx ends. It is the
// body of the detached supervisor process, whose environment it passes on.
func (c Config) SuperviseSeal(ctx context.Context, program string, output io.Writer) error {
	return process.Supervise(ctx, process.Supervision{
		Program: program, Args: []string{"serve", "-config", c.SealConfigFile()},
		Env: cleanEnvironment(), PIDFile: c.SealPIDFile(), Output: output,
		FirstDelay: 100 * time.Millisecond, MaxDelay: 10 * time.Second, Grace: 10 * time.Second,
	})
}

// ensureSealToken asks hsmseald for the token by which Vault shows who it is;
// the daemon itself keeps only a hash.
func (c Config) ensureSealToken(ctx context.Context, daemon installed) error {
	if exists(c.sealTokenFile()) {
		return nil
	}
	cmd := exec.CommandContext(ctx, daemon.path, "token", "-config", c.SealConfigFile(), "-tenant", sealTenant)
	cmd.Env = cleanEnvironment()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("making Vault's token for hsmseald: %v: %s", err, strings.TrimSpace(stderr.String()))
	}
	return writeFile(c.sealTokenFile(), []byte(strings.TrimSpace(string(out))))
}

// stopSeal ends the supervisor, and with it hsmseald, and whatever of the two a
// killed supervisor left behind.
func (c Config) stopSeal(ctx context.Context) error {
	return errors.Join(
		process.Stop(ctx, c.SupervisorPIDFile(), stopGrace),
		process.Stop(ctx, c.SealPIDFile(), stopGrace),
	)
}
