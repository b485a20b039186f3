package pqtransit

import (
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// rotationFields are the settings of rotation that transit does not have. Their names are those
// of Vault's rotation manager where it has the setting.
func rotationFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"rotation_schedule": {
			Type: framework.TypeString,
			Description: `Cron expression of five fields, in UTC, at whose times the key rotates by itself; empty for
none. Excludes auto_rotate_period.`,
		},
		"rotation_window": {
			Type: framework.TypeDurationSecond,
			Description: `How long after a scheduled time the rotation may still happen, at least an hour; a time
missed by more waits for the next. 0: however late.`,
		},
		"auto_rotate_max_operations": {
			Type: framework.TypeInt,
			Description: `Operations of one version (encryptions, signatures, MACs, encapsulations) after which the
key rotates by itself: at least 1000, 0 for no limit, -1 for what the algorithm is safe
for, which is the default.`,
		},
		"auto_rotate_max_bytes": {
			Type: framework.TypeInt,
			Description: `Bytes that one version may encrypt, sign or authenticate before the key rotates by itself:
at least 1048576, 0 for no limit, -1 for what the algorithm is safe for, which is the
default.`,
		},
		"retain_versions": {
			Type:        framework.TypeInt,
			Description: "Versions to keep, the latest included: older ones are destroyed by themselves. 0 for no such rule.",
		},
		"destroy_after": {
			Type: framework.TypeDurationSecond,
			Description: `How long to keep a version once a newer one has replaced it, at least an hour; then it is
destroyed by itself. 0 for no such rule. With retain_versions a version is kept as
long as either rule keeps it.`,
		},
		"destroy_decryptable": {
			Type: framework.TypeBool,
			Description: `Let these rules also destroy versions that min_decryption_version still allows to decrypt,
by raising it. What they encrypted is then lost.`,
		},
	}
}

// decodeRotation reads what rotationFields declares.
func decodeRotation(f *backend.Fields) rotation.Change {
	limit := func(name string) int64 { return int64(f.Int(name)) }
	return rotation.Change{
		Schedule:           given(f, "rotation_schedule", f.String),
		Window:             given(f, "rotation_window", f.Seconds),
		MaxOperations:      given(f, "auto_rotate_max_operations", limit),
		MaxBytes:           given(f, "auto_rotate_max_bytes", limit),
		RetainVersions:     given(f, "retain_versions", f.Int),
		DestroyAfter:       given(f, "destroy_after", f.Seconds),
		DestroyDecryptable: given(f, "destroy_decryptable", f.Bool),
	}
}

// addRotation shows the settings that were made, so that a key without any looks as in transit.
func addRotation(data map[string]any, key *keyring.Key, now time.Time) {
	settings := key.Rotation
	if settings.Schedule != "" {
		data["rotation_schedule"] = settings.Schedule
		data["rotation_window"] = int64(settings.Window.Seconds())
		data["next_vault_rotation"] = key.NextScheduled(now)
	}
	addLimit(data, "auto_rotate_max_operations", settings.MaxOperations)
	addLimit(data, "auto_rotate_max_bytes", settings.MaxBytes)
	if settings.Destroys() {
		data["retain_versions"] = settings.RetainVersions
		data["destroy_after"] = int64(settings.DestroyAfter.Seconds())
		data["destroy_decryptable"] = settings.DestroyDecryptable
	}
}

func addLimit(data map[string]any, name string, limit int64) {
	switch limit {
	case rotation.AlgorithmsOwn:
	case rotation.Unlimited:
		data[name] = 0
	default:
		data[name] = limit
	}
}

// rotationResponse is what addRotation adds.
func rotationResponse() map[string]*framework.FieldSchema {
	fields := rotationFields()
	fields["next_vault_rotation"] = &framework.FieldSchema{Type: framework.TypeTime, Description: "When the schedule rotates the key next"}
	return fields
}

// actor is who makes a request, for a key's history.
func actor(r *logical.Request) rotation.Actor {
	return rotation.Actor{EntityID: r.EntityID, DisplayName: r.DisplayName}
}
