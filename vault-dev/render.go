package vaultdev

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
)

//go:embed templates policies
var embedded embed.FS

const (
	// sealTenant names Vault to hsmseald.
	sealTenant = "dev"
	// sealKey is the key_name of both sides.
	sealKey = "vault-dev"
)

// renderSeal writes hsmseald's configuration.
func (c Config) renderSeal(socket string) error {
	module, err := SoftHSMModule()
	if err != nil {
		return err
	}
	return render("templates/hsmseald.hcl.tmpl", c.SealConfigFile(), map[string]any{
		"State": c.path("hsm", "state"), "Socket": socket,
		"Module": module, "Label": HSMLabel, "PINFile": c.PINFile(),
		"SoftHSMConfig": c.path("hsm", "softhsm2.conf"),
		"Tenant":        sealTenant, "SealKey": sealKey, "UID": os.Getuid(),
	})
}

// renderVault writes Vault's configuration.
func (c Config) renderVault(socket string) error {
	return render("templates/vault.hcl.tmpl", c.VaultConfigFile(), map[string]any{
		"Config": c, "ForwardedPort": c.Port + 2,
		"Plugins": c.path("plugins"), "Raft": c.path("raft"),
		"Certificate": c.path("tls", "vault.pem"), "Key": c.path("tls", "vault-key.pem"),
		"SealAddress": "unix://" + socket, "SealToken": "file://" + c.sealTokenFile(), "SealKey": sealKey,
	})
}

func (c Config) sealTokenFile() string { return c.path("hsm", "seal-token") }

func render(name, target string, values any) error {
	parsed, err := template.New("").Funcs(template.FuncMap{"quote": strconv.Quote}).ParseFS(embedded, name)
	if err != nil {
		return fmt.Errorf("parsing %s: %v", name, err)
	}
	var out bytes.Buffer
	base := name[strings.LastIndex(name, "/")+1:]
	if err := parsed.ExecuteTemplate(&out, base, values); err != nil {
		return fmt.Errorf("filling in %s: %v", name, err)
	}
	return writeFile(target, out.Bytes())
}
