package pqtransit

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
	sdkrotation "github.com/hashicorp/vault/sdk/rotation"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// keysPath is where a key is configured, by which the host's rotation manager knows it.
const keysPath = "keys/"

// scheduleWithHost has the rotation manager of a host that has one (Vault Enterprise) call at the
// times of the key's schedule. Community answers that it has none; a plugin built with a newer
// sdk than the host hears another text. Either way the periodic function rotates: whichever
// comes first, the other then finds nothing due.
func (b *pqBackend) scheduleWithHost(ctx context.Context, r *logical.Request, key *keyring.Key) {
	path := keysPath + key.Name
	var err error
	if key.Rotation.Schedule == "" {
		err = b.System().DeregisterRotationJob(ctx, &sdkrotation.RotationJobDeregisterRequest{MountPoint: r.MountPoint, ReqPath: path})
	} else {
		_, err = b.System().RegisterRotationJob(ctx, &sdkrotation.RotationJobConfigureRequest{
			Name:             key.Name,
			MountPoint:       r.MountPoint,
			ReqPath:          path,
			RotationSchedule: key.Rotation.Schedule,
			RotationWindow:   key.Rotation.Window,
		})
	}
	if err != nil {
		b.Logger().Debug("the host does not manage rotation, the periodic call does", "key", key.Name, "reason", err.Error())
	}
}

// rotateForHost is called by the host's rotation manager. A key that is not due, such as one that
// the periodic function has just rotated, stays as it is.
func (b *pqBackend) rotateForHost(ctx context.Context, r *logical.Request) error {
	name := strings.TrimPrefix(r.Path, keysPath)
	done, err := b.keys.RotateDue(ctx, r.Storage, name, b.rotation.now())
	if done.Key != nil {
		b.logDone(done)
	}
	return err
}
