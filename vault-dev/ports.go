package vaultdev

import (
	"fmt"
	"net"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// portCount is how many consecutive ports one development Vault uses.
const portCount = 4

// checkPorts is freePorts, unless it is our Vault that has them.
func (c Config) checkPorts() error {
	running, err := process.ReadRecord(c.VaultPIDFile())
	if err != nil || running.Alive() {
		return err
	}
	return c.freePorts()
}

// freePorts checks that nobody else listens on the ports we need, since Vault
// itself only warns when a cluster port is taken.
func (c Config) freePorts() error {
	for offset := range portCount {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port+offset))
		if err != nil {
			return fmt.Errorf("port %d is taken; choose four free ones in a row with PALISADE_DEV_PORT", c.Port+offset)
		}
		if err := listener.Close(); err != nil {
			return fmt.Errorf("closing the probe of port %d: %v", c.Port+offset, err)
		}
	}
	return nil
}
