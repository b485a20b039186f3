// Package worker runs every HSM token in a process of its own and serves it to
// the daemon as a Token. PKCS#11 libraries hang and crash; a process can be
// killed and started again without touching the other tokens or the daemon.
//
// The daemon calls Start. The process it launches is the same executable with
// the argument "worker", which must run Main:
//
//	if worker.Requested(os.Args) {
//		worker.Main()
//		return
//	}
//
// A test binary that calls Start does the same first thing in its TestMain.
package worker
