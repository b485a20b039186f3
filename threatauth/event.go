package threatauth

import (
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// sourceOf is the client's address as Vault's listener says it, and nothing else: a header
// such as X-Forwarded-For is the client's own word. The listener's own setting
// x_forwarded_for_authorized_addrs is how a load balancer's word gets into RemoteAddr. The
// zero Addr where Vault gives none, as for a unix socket.
func sourceOf(r *logical.Request) netip.Addr {
	if r.Connection == nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(r.Connection.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// userAgentOf is the User-Agent header, "" unless the mount is tuned to pass it on
// (passthrough_request_headers).
func userAgentOf(r *logical.Request) string {
	for name, values := range r.Headers {
		if textproto.CanonicalMIMEHeaderKey(name) == "User-Agent" {
			return strings.Join(values, "\n")
		}
	}
	return ""
}
