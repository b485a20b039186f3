package migrate

// Status is what became of a key.
type Status string

// The statuses.
const (
	Moved     Status = "moved"       // by this run, and verified
	Present   Status = "present"     // by an earlier run, and verified
	WouldMove Status = "would move"  // in a dry run
	Stays     Status = "cannot move" // the reason says why
	Failed    Status = "failed"      // likewise; a further run tries again
)

// Way is how a key moves.
type Way string

// The ways.
const (
	ByBackup Way = "backup" // all of it as it is
	ByImport Way = "import" // its versions in use, see [Result.Lost]
)

// Result is what became of one key, and how.
type Result struct {
	Key      string `json:"key"`
	Type     string `json:"type"`
	Versions int    `json:"latest_version"`
	Way      Way    `json:"way,omitempty"`
	Status   Status `json:"status"`
	Reason   string `json:"reason,omitempty"`
	// Lost is what does not come along.
	Lost []string `json:"lost,omitempty"`
	// Verified are the versions of which the destination opened or verified what the source
	// had made. The others make nothing any more, because of min_encryption_version.
	Verified []int `json:"verified_versions,omitempty"`
}

// Report is a whole run.
type Report struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	DryRun bool     `json:"dry_run"`
	Keys   []Result `json:"keys"`
}

// Count is how many keys have one of the statuses.
func (r *Report) Count(statuses ...Status) (count int) {
	for _, key := range r.Keys {
		for _, status := range statuses {
			if key.Status == status {
				count++
			}
		}
	}
	return count
}
