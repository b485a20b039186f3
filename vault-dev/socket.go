package vaultdev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxSocketFolder keeps sockets in the folder within the 107 characters of
// sun_path, unix(7): those of plugins and workers have names of up to 48.
const maxSocketFolder = 58

// socketPath returns where hsmseald listens.
func (c Config) socketPath() (string, error) {
	folder, err := c.socketFolder()
	return filepath.Join(folder, "seal.sock"), err
}

// socketFolder returns where all sockets and temporary files of the daemons are:
// in the state folder or, when that path is too long for a socket, in a short
// folder whose name is kept in the state.
func (c Config) socketFolder() (string, error) {
	if direct := c.path("tmp"); len(direct) <= maxSocketFolder {
		return direct, os.MkdirAll(direct, 0o700)
	}
	folder, err := c.shortFolder()
	if err != nil || folder != "" {
		return folder, err
	}
	if folder, err = os.MkdirTemp(runtimeFolder(), "palisade-"); err != nil {
		return "", fmt.Errorf("making a short folder for the sockets: %v", err)
	}
	return folder, writeFile(c.path("short-folder"), []byte(folder))
}

// shortFolder returns the short folder that was made before and still is there.
func (c Config) shortFolder() (string, error) {
	if !exists(c.path("short-folder")) {
		return "", nil
	}
	folder, err := readSecret(c.path("short-folder"))
	if err != nil || !strings.Contains(folder, "/palisade-") || !exists(folder) {
		return "", err
	}
	return folder, nil
}

// runtimeFolder is $XDG_RUNTIME_DIR where that is short, else the one for
// temporary files.
func runtimeFolder() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && len(dir) < maxSocketFolder/2 && exists(dir) {
		return dir
	}
	return "/tmp"
}

// daemonEnvironment is the clean one with the sockets' folder for temporary
// files, so that what a killed process leaves behind can be removed.
func (c Config) daemonEnvironment() ([]string, error) {
	folder, err := c.socketFolder()
	return append(cleanEnvironment(), "TMPDIR="+folder), err
}

// emptySocketFolder removes what killed processes have left. All must have ended.
func (c Config) emptySocketFolder() error {
	folder, err := c.socketFolder()
	if err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// removeShortFolder removes the short folder, where there is one.
func (c Config) removeShortFolder() error {
	folder, err := c.shortFolder()
	if err != nil || folder == "" {
		return err
	}
	return os.RemoveAll(folder)
}
