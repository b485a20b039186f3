package worker

// Requested tells whether a command line, program name first, asks for a worker.
func Requested(args []string) bool { return len(args) == 2 && args[1] == "worker" }

// Main is what the "worker" command runs: it serves one token to the daemon
// that started it and returns when that daemon asks it to end. It exits the
// process when the daemon is gone.
func Main() {}
