package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// shellBlocks are what a reader of a page pastes.
func shellBlocks(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dev.Root, page))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllSubmatch(text, -1) {
		blocks = append(blocks, string(found[1]))
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no block of shell", page)
	}
	return blocks
}

// The page on migrating, as it stands there. It is not parallel: the catalog's name transit
// is one for all.
func TestMigratingPage(t *testing.T) {
	token, err := os.ReadFile(dev.RootTokenFile())
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlocks(t, "docs/migrating-from-transit.md")
	// What the page says of mounts made while the program is in the catalog.
	blocks = append(blocks, `vault secrets enable -plugin-version=v1.21.1+builtin.vault -path=payments-new transit
vault read -field=running_plugin_version sys/mounts/payments-new`)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", strings.Join(blocks, "\necho; echo '==='\n"))
	cmd.Dir = t.TempDir()
	cmd.Env = dev.Environment(string(bytes.TrimSpace(token)))
	client := root(t)
	t.Cleanup(func() { removePageMounts(t, client) })
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shown := strings.Split(string(out), "===\n")
	if len(shown) != len(blocks) {
		t.Fatalf("%d blocks show something, want %d", len(shown), len(blocks))
	}
	for i, patterns := range map[int][]string{
		2:               {`(?m)^` + regexp.QuoteMeta(backend.Version) + `$`},
		3:               {`^hello`},
		4:               {`(?m)^type +x25519-mlkem768$`},
		5:               {`(?m)^legacy +version 2 is of type x25519-mlkem768`, `1 of the 2 keys of payments could not go back`},
		6:               {`(?m)^hello`},
		7:               {`(?m)^hello`},
		8:               {`(?m)^reports +aes256-gcm96 +import +would move`, `(?m)^reports +aes256-gcm96 +import +moved +1 `, `(?m)^invoices +aes256-gcm96 +backup +present +1`, `(?m)^orders .*cannot move .*not exportable`},
		9:               {`(?m)^payments/old +1 +1 +0 +0 +0$`},
		len(blocks) - 1: {regexp.QuoteMeta(builtinTransit)},
	} {
		for _, pattern := range patterns {
			if !regexp.MustCompile(pattern).MatchString(shown[i]) {
				t.Errorf("block %d does not print %s:\n%s\n%s", i, pattern, blocks[i], shown[i])
			}
		}
	}
}

func removePageMounts(t *testing.T, client *api.Client) {
	t.Helper()
	ctx := context.Background()
	for _, mount := range []string{"payments", "payments-new"} {
		if err := client.Sys().UnmountWithContext(ctx, mount); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"invoices", "reports"} {
		if _, err := client.Logical().WriteWithContext(ctx, "pqtransit/keys/"+key+"/config", object{"deletion_allowed": true}); err != nil {
			t.Error(err)
		}
		if _, err := client.Logical().DeleteWithContext(ctx, "pqtransit/keys/"+key); err != nil {
			t.Error(err)
		}
	}
	deregister := &api.DeregisterPluginInput{Name: "transit", Type: api.PluginTypeSecrets, Version: backend.Version}
	if err := client.Sys().DeregisterPluginWithContext(ctx, deregister); err != nil {
		t.Error(err)
	}
}
