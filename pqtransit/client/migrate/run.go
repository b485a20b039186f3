package migrate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// Job is what to move where.
type Job struct {
	From, To *client.Mount
	// Keys are the names to move; nil is all.
	Keys []string
	// DryRun says what would be done and does nothing.
	DryRun bool
	// Begin, if it is not nil, is called with the number of keys, and Seen after each.
	Begin, Seen func(int)
}

// mover is one run.
type mover struct {
	Job
	guestName string   // see guest
	leftover  []string // such keys of interrupted runs
	wrapping  string   // type of the destination's wrapping key: hybrid where both engines know it
	toBuiltin bool     // the destination is served by the built-in engine
	// stranded are the keys that the destination's engine does not have, with the reasons.
	stranded map[string]string
}

// Run moves the keys, one after the other. A key that cannot move or that Vault refuses is
// in the report, and the run goes on; an error means that it could not, and that another run
// goes on where this one ended.
func (job Job) Run(ctx context.Context) (report *Report, err error) {
	if err := errors.Join(job.From.Check(ctx), job.To.Check(ctx)); err != nil {
		return nil, err
	}
	m := &mover{Job: job}
	if err = m.readEngines(ctx); err != nil {
		return nil, err
	}
	names, err := m.names(ctx)
	if err != nil {
		return nil, err
	}
	report = &Report{From: job.From.Path(), To: job.To.Path(), DryRun: job.DryRun, Keys: []Result{}}
	// Also when the run is interrupted: the key that it made is to be gone.
	defer func() { err = errors.Join(err, m.removeGuests(context.WithoutCancel(ctx))) }()
	call(job.Begin, len(names))
	for _, name := range names {
		result, err := m.move(ctx, name)
		if err != nil {
			return report, fmt.Errorf("key %s: %w", name, err)
		}
		report.Keys = append(report.Keys, result)
		call(job.Seen, 1)
	}
	return report, nil
}

// readEngines finds which engine serves which mount, and the keys of pqtransit that the
// built-in one cannot have, where the one is the source and the other the destination.
func (m *mover) readEngines(ctx context.Context) error {
	from, fromErr := m.From.PQTransit(ctx)
	to, toErr := m.To.PQTransit(ctx)
	if err := errors.Join(fromErr, toErr); err != nil {
		return err
	}
	m.toBuiltin, m.wrapping = !to, "rsa-4096"
	if from && to {
		m.wrapping = "x25519-mlkem768"
	}
	if !from || to {
		return nil
	}
	found, err := m.From.RollbackCheck(ctx, nil)
	if err != nil {
		return err
	}
	m.stranded = map[string]string{}
	for _, key := range found.Keys {
		m.stranded[key.Name] = "the built-in engine cannot have it: " + strings.Join(key.Reasons, "; ")
	}
	return nil
}

func call(report func(int), n int) {
	if report != nil {
		report(n)
	}
}

func (m *mover) names(ctx context.Context) ([]string, error) {
	listed, err := m.From.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	var there []string
	for _, name := range listed {
		if strings.HasPrefix(name, guestPrefix) {
			m.leftover = append(m.leftover, name)
		} else {
			there = append(there, name)
		}
	}
	if m.Keys == nil {
		return there, nil
	}
	for _, name := range m.Keys {
		if !slices.Contains(there, name) {
			return nil, fmt.Errorf("there is no key %s in %s", name, m.From.Path())
		}
	}
	return m.Keys, nil
}

// move moves one key. Its error is one that concerns not this key alone.
func (m *mover) move(ctx context.Context, name string) (Result, error) {
	key, err := m.From.ReadKey(ctx, name)
	if err := orGone(key, err); err != nil {
		return ended(Result{Key: name}, err)
	}
	result := Result{Key: name, Type: strings.Join(key.Types(), ", "), Versions: key.Latest}
	there, err := m.To.ReadKey(ctx, name)
	if err != nil {
		return ended(result, err)
	}
	if result.Reason = m.stranded[name]; result.Reason != "" {
		result.Status = Stays
		return result, nil
	}
	if result.Way, result.Reason = plan(key); result.Way == "" && m.allPublic(ctx, key) {
		result.Way, result.Reason = ByImport, ""
	}
	if result.Way == "" {
		result.Status = Stays
		return result, nil
	}
	partly := false
	if there != nil {
		if result.Reason, partly = m.conflict(key, there, result.Way); result.Reason != "" {
			result.Status = Stays
			return result, nil
		}
	}
	result.Lost = m.lost(key, result.Way)
	if m.DryRun && (there == nil || partly) {
		result.Status = WouldMove
		return result, nil
	}
	return m.carry(ctx, result, key, there, partly)
}

// carry makes the destination's key like the source's, and holds that it is.
func (m *mover) carry(ctx context.Context, result Result, key, there *client.Key, partly bool) (Result, error) {
	result.Status = Present
	if there != nil {
		// Before anything is added to it, it must be shown to be this key.
		verified, err := m.verify(ctx, key, there)
		if err != nil || !partly {
			result.Verified = verified
			return ended(result, err)
		}
	}
	result.Status = Moved
	if err := m.bring(ctx, result.Way, key, there); err != nil {
		return ended(result, err)
	}
	there, err := m.To.ReadKey(ctx, key.Name)
	if err = orGone(there, err); err == nil {
		// Before an import gets its settings: they would keep older versions from it.
		result.Verified, err = m.verify(ctx, key, there)
	}
	if err == nil && result.Way == ByImport {
		err = m.copySettings(ctx, key, there)
	}
	if err == nil && !m.sameOwn(key, there) {
		_, err = m.To.Write(ctx, "keys/"+key.Name+"/config", key.Own)
	}
	return ended(result, err)
}

// bring adds the versions that the destination has not; there is nil or a part of the key.
func (m *mover) bring(ctx context.Context, way Way, key, there *client.Key) error {
	switch {
	case way == ByImport:
		return m.copyVersions(ctx, key, there)
	case there != nil: // restored already
		return nil
	}
	backup, err := m.From.Backup(ctx, key.Name)
	if err != nil {
		return err
	}
	return m.To.Restore(ctx, key.Name, backup)
}

// allPublic reports whether a key has public halves alone, which need no permission to leave.
func (m *mover) allPublic(ctx context.Context, key *client.Key) bool {
	if key.Derived || len(key.Versions) == 0 {
		return false
	}
	for number := key.MinDecryption; number <= key.Latest; number++ {
		if !m.publicOnly(ctx, key, number) {
			return false
		}
	}
	return true
}

var errGone = errors.New("the key went away meanwhile")

// orGone is err, or says that a read found nothing.
func orGone(key *client.Key, err error) error {
	if err == nil && key == nil {
		return errGone
	}
	return err
}

// ended makes a failed key of an error that is about it, and passes others on.
func ended(result Result, err error) (Result, error) {
	var refusal *api.ResponseError
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &refusal) && !unavailable(refusal.StatusCode):
		text := strings.Join(strings.Fields(strings.Join(refusal.Errors, "; ")), " ")
		result.Reason = fmt.Sprintf("Vault answers %d: %s", refusal.StatusCode, text)
	case errors.Is(err, errNotVerified), errors.Is(err, errNothingToVerify), errors.Is(err, errGone):
		result.Reason = err.Error()
	default:
		return result, err
	}
	result.Status, result.Verified = Failed, nil
	return result, nil
}

// unavailable is what Vault answers to all requests alike for a while.
func unavailable(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}
