package worker

import "time"

// Waits before a worker is started again after failures in a row.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 5 * time.Second
)

// waitAfter is how long to wait before the next start after that many failures
// in a row: nothing after the first, so that the request at hand can be tried
// again at once, then doubling.
func waitAfter(failures int) time.Duration {
	if failures <= 1 {
		return 0
	}
	wait := firstWait
	for range failures - 2 {
		if wait *= 2; wait >= maxWait {
			return maxWait
		}
	}
	return wait
}
