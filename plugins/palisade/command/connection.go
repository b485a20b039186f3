package command

import (
	"errors"
	"flag"
	"fmt"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/cliconfig"
)

// connection is where a Vault is and how it is trusted: flags over the environment
// variables that the vault command knows.
type connection struct {
	address, namespace string
	tls                api.TLSConfig
}

// declare adds the flags; prefix tells those of a second Vault apart.
func (c *connection) declare(set *flag.FlagSet, prefix string) {
	set.StringVar(&c.address, prefix+"address", "", "`Address` of the Vault server. Also by VAULT_ADDR.")
	set.StringVar(&c.namespace, prefix+"namespace", "", "Vault `namespace`. Also by VAULT_NAMESPACE.")
	set.StringVar(&c.tls.CACert, prefix+"ca-cert", "", "`File` of the PEM CA certificate that Vault's is checked with. Also by VAULT_CACERT.")
	set.StringVar(&c.tls.CAPath, prefix+"ca-path", "", "`Folder` of PEM CA certificates, instead. Also by VAULT_CAPATH.")
	set.StringVar(&c.tls.ClientCert, prefix+"client-cert", "", "`File` of the PEM certificate to show Vault. Also by VAULT_CLIENT_CERT.")
	set.StringVar(&c.tls.ClientKey, prefix+"client-key", "", "`File` of its PEM private key. Also by VAULT_CLIENT_KEY.")
	set.StringVar(&c.tls.TLSServerName, prefix+"tls-server-name", "", "`Name` to expect in Vault's certificate. Also by VAULT_TLS_SERVER_NAME.")
	set.BoolVar(&c.tls.Insecure, prefix+"tls-skip-verify", false, "Do not check Vault's certificate. Also by VAULT_SKIP_VERIFY.")
}

// client reaches the Vault of these flags, with no token but that of VAULT_TOKEN.
func (c *connection) client() (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("reading the environment: %v", config.Error)
	}
	if c.address != "" {
		config.Address, config.AgentAddress = c.address, ""
	}
	if err := config.ConfigureTLS(&c.tls); err != nil { // adds to what the environment says
		return nil, fmt.Errorf("setting up TLS: %v", err)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("setting up the client: %v", err)
	}
	if c.namespace != "" {
		client.SetNamespace(c.namespace)
	}
	return client, nil
}

// client reaches Vault as the user: with the token of VAULT_TOKEN, or the one that
// `vault login` left with its token helper, by default in ~/.vault-token.
func (c *call) client() (*api.Client, error) {
	client, err := c.vault.client()
	if err != nil || client.Token() != "" {
		return client, err
	}
	helper, err := cliconfig.DefaultTokenHelper()
	if err != nil {
		return nil, fmt.Errorf("reading the vault command's configuration: %v", err)
	}
	token, err := helper.Get()
	if err != nil {
		return nil, fmt.Errorf("reading the token that vault login stored: %v", err)
	}
	if token == "" {
		return nil, errors.New("no Vault token: set VAULT_TOKEN, or run vault login")
	}
	client.SetToken(token)
	return client, nil
}
