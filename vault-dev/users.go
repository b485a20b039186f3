package vaultdev

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/api"
)

// UserName is the first user of the threatauth mount. The password is random.
const UserName = "alice"

// ensureUser makes the first user, whose tokens get the policy app.
func (c Config) ensureUser(ctx context.Context, client *api.Client) error {
	path := "auth/threatauth/users/" + UserName
	known, err := client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return fmt.Errorf("reading the user %s: %v", UserName, err)
	}
	if known != nil && exists(c.UserPasswordFile()) {
		return nil
	}
	password, err := secretFile(c.UserPasswordFile())
	if err != nil {
		return err
	}
	c.say("making the user %s, password in %s", UserName, c.UserPasswordFile())
	_, err = client.Logical().WriteWithContext(ctx, path, map[string]any{"password": password, "token_policies": "app"})
	if err != nil {
		return fmt.Errorf("making the user %s: %v", UserName, err)
	}
	return nil
}
