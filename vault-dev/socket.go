package vaultdev

import (
	"fmt"
	"os"
	"strings"
)

// maxSocketPath is what fits into sun_path with its closing zero, unix(7).
const maxSocketPath = 107

// socketPath returns where hsmseald listens: in the state folder or, when that
// path is too long for a socket, in a short folder of its own whose name is kept
// in the state.
func (c Config) socketPath() (string, error) {
	if direct := c.path("hsm", "seal.sock"); len(direct) <= maxSocketPath {
		return direct, nil
	}
	folder, err := c.socketFolder()
	if err != nil {
		return "", err
	}
	if folder == "" {
		if folder, err = os.MkdirTemp(runtimeFolder(), "palisade-"); err != nil {
			return "", fmt.Errorf("making a short folder for the socket: %v", err)
		}
		if err := writeFile(c.path("hsm", "socket-folder"), []byte(folder)); err != nil {
			return "", err
		}
	}
	return folder + "/seal.sock", nil
}

// socketFolder returns the short folder that was made before and still is there.
func (c Config) socketFolder() (string, error) {
	record := c.path("hsm", "socket-folder")
	if !exists(record) {
		return "", nil
	}
	folder, err := readSecret(record)
	if err != nil || !strings.Contains(folder, "/palisade-") || !exists(folder) {
		return "", err
	}
	return folder, nil
}

// runtimeFolder is $XDG_RUNTIME_DIR where that is short, else the one for
// temporary files.
func runtimeFolder() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && len(dir) < maxSocketPath/2 && exists(dir) {
		return dir
	}
	return "/tmp"
}
