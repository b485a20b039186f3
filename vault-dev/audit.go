package vaultdev

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/api"
)

// ensureAudit enables the file audit device. Its file lies outside the plugin
// folder, where Vault refuses it.
func (c Config) ensureAudit(ctx context.Context, client *api.Client) error {
	devices, err := client.Sys().ListAuditWithContext(ctx)
	if err != nil {
		return fmt.Errorf("listing audit devices: %v", err)
	}
	if devices["file/"] != nil {
		return nil
	}
	c.say("enabling the audit log %s", c.AuditLog())
	err = client.Sys().EnableAuditWithOptionsWithContext(ctx, "file", &api.EnableAuditOptions{
		Type: "file", Options: map[string]string{"file_path": c.AuditLog(), "mode": "0600"},
	})
	if err != nil {
		return fmt.Errorf("enabling the audit device: %v", err)
	}
	return nil
}
