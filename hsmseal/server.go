package hsmseal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

// errTokenFile is a file of client token hashes that cannot be read.
var errTokenFile = errors.New("client token hashes cannot be read")

// Server answers the transit seal's calls. It implements http.Handler.
type Server struct {
	opener  Opener
	tenants []*tenantService
	log     hclog.Logger
	canary  *canary
}

// request is one call after authentication.
type request struct {
	// ctx lives exactly as long as the call.
	ctx    context.Context
	tenant *tenantService
	caller caller
	body   []byte
}

// NewServer returns a server for the opener's tenants. Run opens them; until
// then calls wait.
func NewServer(opener Opener) *Server {
	server := &Server{opener: opener, log: opener.Log}
	for _, tenant := range opener.Config.Tenants {
		server.tenants = append(server.tenants, newTenantService(opener.Config, tenant))
	}
	server.canary = &canary{now: opener.Now, check: server.roundTrips}
	return server
}

// ServeHTTP finds the route, then the caller, then reads the body, then works:
// nobody unknown makes the daemon read or compute.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := rand.Text()
	body, err := s.recovered(w, r)
	if err == nil {
		err = writeJSON(w, http.StatusOK, body)
		s.log.Debug("request served", "request", id, "method", r.Method, "path", r.URL.Path)
	} else {
		answer, detail := translate(err)
		s.report(id, r, answer, detail, err)
		err = writeError(w, answer)
	}
	if err != nil {
		s.log.Debug("answer not delivered", "request", id, "error", err)
	}
}

// report logs a refusal once. Paths are the caller's, so they are quoted.
func (s *Server) report(id string, r *http.Request, answer *httpError, detail bool, err error) {
	args := []any{"request", id, "method", r.Method, "path", fmt.Sprintf("%.200q", r.URL.Path), "status", answer.status}
	if detail {
		s.log.Error("request failed", append(args, "error", err)...)
		return
	}
	s.log.Warn("request refused", append(args, "reason", answer.text)...)
}

// recovered turns a panic into a 500 that names nothing.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) (body any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("panic while serving", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			body, err = nil, errInternal
		}
	}()
	return s.serve(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	route, binding, ok := match(r.URL.Path)
	if !ok {
		return nil, errNoPath
	}
	if !slices.Contains(route.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(route.methods, ", "))
		return nil, errMethod
	}
	binding.Namespace = strings.Trim(r.Header.Get("X-Vault-Namespace"), "/")
	ctx, cancel := context.WithTimeout(r.Context(), route.timeout)
	defer cancel()
	req := &request{ctx: ctx, caller: callerOf(r)}
	if err := s.admit(route, binding, req); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, route.maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, badRequest("request body could not be read")
	}
	req.body = body
	return route.handle(s, req)
}

// admit authenticates. An unknown tenant and a wrong token get the same answer. A
// tenant whose hashes cannot be read hides only its own tokens.
func (s *Server) admit(route *route, binding envelope.Tenant, req *request) error {
	if route.access == accessOpen {
		return nil
	}
	denied := error(errDenied)
	for _, tenant := range s.tenants {
		if route.access == accessTenant && tenant.config.Binding != binding {
			continue
		}
		ok, err := tenant.authenticate(req.caller)
		if err != nil {
			denied = fmt.Errorf("tenant %q: %w: %v", tenant.config.Name, errTokenFile, err)
		}
		if ok {
			req.tenant = tenant
			return nil
		}
	}
	return denied
}

func callerOf(r *http.Request) caller {
	c := caller{token: r.Header.Get("X-Vault-Token")}
	c.uid, c.uidKnown = peerUID(r.Context())
	return c
}
