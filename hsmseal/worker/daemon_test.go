package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// daemon is a process between the test and a worker: it reads a configuration
// in JSON from its input, starts a worker, writes the worker's process id, and
// waits for the end of its input.
func daemon() {
	if err := runDaemon(os.Stdin, os.Stdout); err != nil {
		hclog.Default().Error("daemon", "error", err)
		os.Exit(1)
	}
}

func runDaemon(input io.Reader, output io.Writer) error {
	decoder := json.NewDecoder(input)
	var config worker.Config
	if err := decoder.Decode(&config); err != nil {
		return err
	}
	token, err := worker.Start(context.Background(), config, hclog.NewNullLogger())
	if err != nil {
		return err
	}
	defer token.Close()
	status, err := token.Status(context.Background())
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(output, status.PID); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, input)
	return err
}
