package vaultdev

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// program is one of ours that is built into bin/.
type program struct {
	name   string // of the file
	cgo    string // value of CGO_ENABLED: PKCS#11 libraries are reached through cgo
	folder string // under plugins/
}

const (
	pqtransitProgram  = "vault-plugin-secrets-pqtransit"
	threatauthProgram = "vault-plugin-auth-threatauth"
	sealProgram       = "hsmseald"
	operatorProgram   = "palisade"
	ageProgram        = "age-plugin-palisade"
)

func programs() []program {
	return []program{
		{pqtransitProgram, "0", pqtransitProgram},
		{threatauthProgram, "0", threatauthProgram},
		{sealProgram, "1", sealProgram},
		{operatorProgram, "0", operatorProgram},
		{ageProgram, "0", operatorProgram + "/" + ageProgram},
	}
}

// BuildPlugins compiles the two plugins, hsmseald, palisade and age's plugin into bin/.
func (c Config) BuildPlugins(ctx context.Context) error {
	c.say("building the plugins, hsmseald and palisade into %s", c.Bin())
	return c.withLock(ctx, filepath.Join(c.Bin(), ".lock"), func() error {
		for _, p := range programs() {
			if err := c.goBuild(ctx, filepath.Join(c.Bin(), p.name), "./plugins/"+p.folder, p.cgo); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c Config) goBuild(ctx context.Context, target, pkg, cgo string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", target, pkg)
	cmd.Dir = c.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %v\n%s", pkg, err, out)
	}
	return nil
}

// installed is a program copied into the state folder.
type installed struct {
	path, sum string // sum is the hexadecimal SHA-256 of the file
}

// install copies a program from bin/ into a folder of the state, under a name
// that carries its hash: what runs keeps its file, and Vault's catalog keeps
// pointing at one that matches, until the new one is registered.
func (c Config) install(name, folder string) (installed, error) {
	return c.installFile(filepath.Join(c.Bin(), name), name, folder)
}

func (c Config) installFile(program, name, folder string) (installed, error) {
	raw, err := os.ReadFile(program)
	if err != nil {
		return installed{}, fmt.Errorf("%s is not built: %v", name, err)
	}
	sum := sha256.Sum256(raw)
	result := installed{sum: hex.EncodeToString(sum[:])}
	result.path = c.path(folder, name+"-"+result.sum[:12])
	if exists(result.path) {
		return result, nil
	}
	return result, writeProgram(result.path, raw)
}

func writeProgram(path string, content []byte) (err error) {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o700) //nolint:gosec // G302: it is a program, for its owner alone
	if err != nil {
		return fmt.Errorf("installing a program: %v", err)
	}
	_, writeErr := file.Write(content)
	if err := errors.Join(writeErr, file.Close()); err != nil {
		return fmt.Errorf("installing a program: %v", err)
	}
	return os.Rename(temporary, path)
}

// prune removes the installed versions of a program other than keep.
func (c Config) prune(name, folder string, keep installed) error {
	old, err := filepath.Glob(c.path(folder, name+"-*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if path == keep.path {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("removing an old program: %v", err)
		}
	}
	return nil
}

// copySelf installs the dev command into the state folder, where it supervises
// and the tour finds it; `go run` removes its own file when it ends.
func (c Config) copySelf() (string, error) {
	self := cmp.Or(c.Self, "/proc/self/exe")
	raw, err := os.ReadFile(self)
	if err != nil {
		return "", fmt.Errorf("reading the running program: %v", err)
	}
	target := c.path("bin", "palisade-dev")
	return target, writeProgram(target, raw)
}
