package threatauth

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/credential"
	"github.com/palisade-vault/palisade/threatauth/decision"
	"github.com/palisade-vault/palisade/threatauth/profile"
	"github.com/palisade-vault/palisade/threatauth/respond"
	"github.com/palisade-vault/palisade/threatauth/risk"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

// attempt is one login on its way from the claim to the answer.
type attempt struct {
	request  *logical.Request
	claim    credential.Claim
	event    signal.Event
	config   Config
	blocked  bool
	profile  profile.Profile
	result   credential.Result
	decision risk.Decision
}

// login answers one claim. A login that found no turn, or whose client left while it waited
// for one, is no fault of ours: it must not fill the log.
func (b *Backend) login(ctx context.Context, r *logical.Request, claim credential.Claim) (*logical.Response, error) {
	claim.Source = sourceOf(r)
	response, err := b.answer(ctx, r, claim)
	if err != nil && (errors.Is(err, credential.ErrBusy) || ctx.Err() != nil) {
		return nil, backend.Unavailable("too many logins at a time, try again")
	}
	return response, err
}

// answer checks the credential first and judges every login, so that a refusal costs the
// same work, and no storage write before its answer, whatever its cause.
func (b *Backend) answer(ctx context.Context, r *logical.Request, claim credential.Claim) (*logical.Response, error) {
	result, err := b.method.Check(ctx, r.Storage, claim)
	if err != nil {
		return nil, err
	}
	a := &attempt{request: r, claim: claim, result: result}
	if err := b.judge(ctx, a); err != nil {
		return nil, err
	}
	outcome := a.outcome()
	if outcome.Refused() {
		b.records.Queue(r.Storage, a.record(outcome))
		return b.refusal(), nil
	}
	return b.admit(ctx, a)
}

// judge gathers what is known and decides. A part of the engine that fails is a fault that
// the policy answers; only whether the principal is blocked has no answer but the truth.
func (b *Backend) judge(ctx context.Context, a *attempt) error {
	storage := a.request.Storage
	var faults []string
	failed := func(part string, err error) {
		if err != nil {
			faults = append(faults, part)
			b.logFault(a.request, part, err)
		}
	}
	var err error
	a.config, err = b.config(ctx, storage)
	failed("config", err)
	if err == nil {
		b.records.SetRetention(a.config.Retention)
	}
	if a.blocked, err = b.isBlocked(ctx, storage, a.claim.Principal); err != nil {
		return err
	}
	a.event = signal.Event{Principal: a.claim.Principal, Source: a.claim.Source, Time: b.options.Now()}
	a.event.Device, err = b.devices.digest(ctx, storage, userAgentOf(a.request))
	failed("device", err)
	a.profile, err = b.profileOf(ctx, storage, a.claim.Principal)
	failed("profile", err)
	set, err := b.feeds.current(ctx, storage)
	failed("feeds", err)
	in := signal.Input{Event: a.event, Profile: a.profile}
	if set != nil {
		in.Reputation = set.Look(a.event.Source)
		failed("feeds", set.Damage())
	}
	findings, broken := signal.Assess(b.options.Signals, in)
	for _, name := range broken {
		failed("signal "+name, errSignal)
	}
	a.decision = risk.Decide(a.config.policy(), findings, faults)
	return nil
}

var errSignal = errors.New("the signal panicked or its term is not finite")

// admit issues a token: the profile learns first, then the record is written, then the
// token goes out. Whichever of the two fails asks for the policy's fault action.
func (b *Backend) admit(ctx context.Context, a *attempt) (*logical.Response, error) {
	if a.decision.Action == risk.Allow {
		if err := b.learn(ctx, a); err != nil {
			b.fault(a, "profile", err)
		}
	}
	if response := b.refuseLate(a); response != nil {
		return response, nil
	}
	auth, err := a.token()
	if err != nil {
		b.fault(a, "respond", err)
		a.decision.Action = risk.Deny
		return b.refuseLate(a), nil
	}
	if err := b.records.Write(ctx, a.request.Storage, a.record(a.outcome())); err != nil {
		b.fault(a, "record", err)
		return b.withoutRecord(a)
	}
	if a.outcome() == decision.Token {
		b.upgrade(ctx, a)
	}
	return &logical.Response{Auth: auth}, nil
}

// withoutRecord answers a login whose record could not be written: what the policy says of
// a fault, with the record queued for a second try.
func (b *Backend) withoutRecord(a *attempt) (*logical.Response, error) {
	if response := b.refuseLate(a); response != nil {
		return response, nil
	}
	auth, err := a.token()
	if err != nil {
		a.decision.Action = risk.Deny
		return b.refuseLate(a), nil
	}
	b.records.Queue(a.request.Storage, a.record(a.outcome()))
	return &logical.Response{Auth: auth}, nil
}

// refuseLate is the refusal of a login whose outcome became one on the way, else nil.
func (b *Backend) refuseLate(a *attempt) *logical.Response {
	outcome := a.outcome()
	if !outcome.Refused() {
		return nil
	}
	b.records.Queue(a.request.Storage, a.record(outcome))
	return b.refusal()
}

func (b *Backend) refusal() *logical.Response { return respond.Refusal(b.method.Refusal()) }

// token is the token that the outcome asks for.
func (a *attempt) token() (*logical.Auth, error) {
	if a.outcome() == decision.RestrictedToken {
		return respond.Restricted(a.result.Auth, a.claim.Source, a.config.Restricted)
	}
	return a.result.Auth, nil
}

// outcome is what the client gets as things stand.
func (a *attempt) outcome() decision.Outcome {
	switch {
	case !a.result.Right:
		return decision.RefusedCredential
	case a.blocked:
		return decision.RefusedBlocked
	case a.config.Mode == risk.Shadow:
		return decision.Token
	case a.decision.Action == risk.Allow:
		return decision.Token
	case a.decision.Action == risk.Restrict:
		return decision.RestrictedToken
	}
	return decision.RefusedRisk
}

// learn saves the profile of an allowed login. Another login may have changed it since this
// one was judged: when that made this device a new one, the login is judged again.
func (b *Backend) learn(ctx context.Context, a *attempt) error {
	err := b.profiles.Update(ctx, a.request.Storage, a.claim.Principal, func(stored *profile.Profile) (*profile.Profile, error) {
		var now profile.Profile
		if stored != nil {
			now = *stored
		}
		if a.event.Device != "" && !now.Knows(a.event.Device) && len(now.Devices) != len(a.profile.Devices) {
			return nil, errProfileChanged
		}
		learnt := now.Learn(a.event.Device, a.event.Time)
		return &learnt, nil
	})
	if errors.Is(err, errProfileChanged) {
		return b.judge(ctx, a)
	}
	return err
}

var errProfileChanged = errors.New("the profile changed while the login was judged")

// upgrade strengthens the stored hash. Its failure costs the login nothing.
func (b *Backend) upgrade(ctx context.Context, a *attempt) {
	if a.result.Upgrade == nil {
		return
	}
	if err := a.result.Upgrade(ctx, a.request.Storage); err != nil {
		b.Logger().Warn("failed to upgrade a password hash", "request_id", a.request.ID, "error", err)
	}
}

func (b *Backend) fault(a *attempt, part string, err error) {
	b.logFault(a.request, part, err)
	a.decision = a.decision.Fail(a.config.policy(), part)
}

func (b *Backend) logFault(r *logical.Request, part string, err error) {
	b.Logger().Error("fault in the risk engine, the fault policy decides", "request_id", r.ID, "part", part, "error", err)
}

func (b *Backend) profileOf(ctx context.Context, storage logical.Storage, principal string) (profile.Profile, error) {
	stored, err := b.profiles.Get(ctx, storage, principal)
	if err != nil || stored == nil {
		return profile.Profile{}, err
	}
	return *stored, nil
}

// record is what is kept of the login.
func (a *attempt) record(outcome decision.Outcome) *decision.Record {
	record := &decision.Record{
		ID:        decision.RecordID(a.request.ID),
		Time:      a.event.Time.UTC(),
		Principal: a.claim.Principal,
		Device:    a.event.Device,
		Decision:  a.decision.Action,
		Outcome:   outcome,
		Mode:      a.config.Mode,
		Refusal:   a.result.Refusal,
		Score:     a.decision.Score,
		Faults:    slices.Clone(a.decision.Faults),
	}
	if a.claim.Source.IsValid() {
		record.Source = a.claim.Source.String()
	}
	for _, f := range a.decision.Findings {
		record.Reasons = append(record.Reasons, decision.Reason{
			Signal: f.Signal, Known: f.Known, Weight: f.Term, Rules: f.Rules, Text: f.Reason, Version: f.Version,
		})
	}
	return record
}
