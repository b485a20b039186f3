package threatauth

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/profile"
)

func pathDevices(b *Backend) []*framework.Path {
	return []*framework.Path{pathDeviceList(b), pathDevice(b)}
}

const (
	deviceHelp            = "The known devices of a user."
	deviceHelpDescription = `
A device is a User-Agent, kept as a keyed digest. The first device of a user is
learnt at the first allowed login; a login from another one is restricted and
teaches nothing. Its decision in "risk/decisions" names the digest, by which it
is approved here. Devices are seen only where the mount is tuned to pass the
User-Agent header on (passthrough_request_headers); a login without the header
is one from a new device where others are known. To stop passing it on, set the
action of "new_device" to "ignore" in "risk/config" first.`
)

func pathDeviceList(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/devices/" + framework.GenericNameRegex("principal") + "/?$",
		Fields:  map[string]*framework.FieldSchema{"principal": fieldPrincipal},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodePrincipal, b.listDevices), Summary: "List a user's known devices.",
				Responses: map[int][]framework.Response{200: {{
					Description: "Digests of the devices, with what is known of each.",
					Fields: map[string]*framework.FieldSchema{
						"keys":     {Type: framework.TypeStringSlice, Description: "Digests of the devices."},
						"key_info": {Type: framework.TypeMap, Description: "For each: first_seen, last_seen, logins, approved."},
					},
				}}},
			},
		},
		HelpSynopsis: deviceHelp, HelpDescription: deviceHelpDescription,
	}
}

func pathDevice(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/devices/" + framework.GenericNameRegex("principal") + "/(?P<device>[0-9a-f]+)$",
		Fields: map[string]*framework.FieldSchema{
			"principal": fieldPrincipal,
			"device":    {Type: framework.TypeString, Description: "Digest of the device, as a decision names it."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodeDevice, b.approveDevice), Summary: "Approve a device.", Responses: noContent,
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodeDevice, b.forgetDevice), Summary: "Forget a device.", Responses: noContent,
			},
		},
		HelpSynopsis: deviceHelp, HelpDescription: deviceHelpDescription,
	}
}

type deviceRef struct{ principal, device string }

func (b *Backend) decodeDevice(f *backend.Fields) deviceRef {
	d := deviceRef{principal: b.decodePrincipal(f), device: f.String("device")}
	if raw, err := hex.DecodeString(d.device); err != nil || hex.EncodedLen(len(raw)) != deviceIDSize || d.device != strings.ToLower(d.device) {
		f.Fail("device must be a digest of %d hexadecimal digits", deviceIDSize)
	}
	return d
}

func (b *Backend) listDevices(ctx context.Context, r *logical.Request, principal string) (*logical.Response, error) {
	p, err := b.profileOf(ctx, r.Storage, principal)
	if err != nil {
		return nil, err
	}
	keys, info := []string{}, map[string]any{}
	for _, d := range p.Devices {
		keys = append(keys, d.ID)
		info[d.ID] = map[string]any{
			"first_seen": timeText(d.First), "last_seen": timeText(d.Last), "logins": d.Logins, "approved": d.Approved,
		}
	}
	return logical.ListResponseWithInfo(keys, info), nil
}

// approveDevice makes a device of an existing principal known. A misspelt name is an error:
// it would else leave a profile that a later one of that name inherits.
func (b *Backend) approveDevice(ctx context.Context, r *logical.Request, d deviceRef) (*logical.Response, error) {
	known, err := b.method.Knows(ctx, r.Storage, d.principal)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, backend.Invalid("no such principal")
	}
	return nil, b.profiles.Update(ctx, r.Storage, d.principal, func(p *profile.Profile) (*profile.Profile, error) {
		if p == nil {
			p = &profile.Profile{}
		}
		approved := p.Approve(d.device, b.options.Now())
		return &approved, nil
	})
}

func (b *Backend) forgetDevice(ctx context.Context, r *logical.Request, d deviceRef) (*logical.Response, error) {
	return nil, b.profiles.Update(ctx, r.Storage, d.principal, func(p *profile.Profile) (*profile.Profile, error) {
		if p == nil {
			return nil, backend.NotFound("device is not known")
		}
		rest, known := p.Forget(d.device)
		if !known {
			return nil, backend.NotFound("device is not known")
		}
		return &rest, nil
	})
}
