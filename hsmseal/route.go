package hsmseal

import (
	"net/http"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

// requestTimeout is the daemon's own deadline: Vault gives a seal 10 s and turns
// to its retries only when it gets an answer.
const requestTimeout = 8 * time.Second

// maxBody holds the longest plaintext or ciphertext in base64 inside JSON.
const maxBody = 128 << 10

// access says who may call a route.
type access int

const (
	// accessTenant needs a token of the tenant that the path names.
	accessTenant access = iota + 1
	// accessAnyToken needs a token of any tenant.
	accessAnyToken
	// accessOpen needs none.
	accessOpen
)

// route is one call of the protocol, as data.
type route struct {
	// pattern is a path under /v1/; a leading {mount} takes one or more
	// segments, {key} one.
	pattern string
	methods []string
	access  access
	// maxBody is in bytes; a longer body is refused.
	maxBody int64
	timeout time.Duration
	handle  func(*Server, *request) (any, error)
}

// routes are tried in order; a fixed path comes before a pattern.
var routes = []route{
	{"sys/health", []string{http.MethodGet, http.MethodHead}, accessOpen, 0, requestTimeout, (*Server).health},
	{"auth/token/renew-self", []string{http.MethodPut, http.MethodPost}, accessAnyToken, maxBody, requestTimeout, (*Server).renewSelf},
	{"{mount}/encrypt/{key}", []string{http.MethodPut, http.MethodPost}, accessTenant, maxBody, requestTimeout, (*Server).encrypt},
	{"{mount}/decrypt/{key}", []string{http.MethodPut, http.MethodPost}, accessTenant, maxBody, requestTimeout, (*Server).decrypt},
}

const pathPrefix = "/v1/"

// match returns the route of a path and the mount path and key name in it.
func match(path string) (*route, envelope.Tenant, bool) {
	rest, ok := strings.CutPrefix(path, pathPrefix)
	if !ok {
		return nil, envelope.Tenant{}, false
	}
	for i := range routes {
		if tenant, ok := routes[i].match(rest); ok {
			return &routes[i], tenant, true
		}
	}
	return nil, envelope.Tenant{}, false
}

func (r *route) match(path string) (envelope.Tenant, bool) {
	middle, found := strings.CutPrefix(r.pattern, "{mount}")
	if !found {
		return envelope.Tenant{}, path == r.pattern
	}
	middle = strings.TrimSuffix(middle, "{key}")
	at := strings.LastIndex(path, middle)
	if at <= 0 {
		return envelope.Tenant{}, false
	}
	key := path[at+len(middle):]
	if key == "" || strings.Contains(key, "/") {
		return envelope.Tenant{}, false
	}
	return envelope.Tenant{MountPath: path[:at], KeyName: key}, true
}
