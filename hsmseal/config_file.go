package hsmseal

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxConfig bounds a configuration file in bytes.
const maxConfig = 1 << 20

// fileConfig is the configuration as written. Unknown names are refused. Each
// block keeps where its values stand, so that errors can say so.
type fileConfig struct {
	StateDir  string         `hcl:"state_dir"`
	Listeners []fileListener `hcl:"listener,block"`
	Tokens    []fileToken    `hcl:"token,block"`
	Tenants   []fileTenant   `hcl:"tenant,block"`
	StateAt   hcl.Range      `hcl:"state_dir,attr_value_range"`
}

type fileListener struct {
	Type   string    `hcl:"type,label"`
	Path   string    `hcl:"path"`
	Mode   string    `hcl:"mode,optional"`
	Def    hcl.Range `hcl:",def_range"`
	PathAt hcl.Range `hcl:"path,attr_value_range"`
	ModeAt hcl.Range `hcl:"mode,attr_value_range"`
}

type fileToken struct {
	Name        string            `hcl:"name,label"`
	Module      string            `hcl:"module"`
	Label       string            `hcl:"label,optional"`
	Serial      string            `hcl:"serial,optional"`
	PINFile     string            `hcl:"pin_file,optional"`
	PINFD       int               `hcl:"pin_fd,optional"`
	Mechanism   string            `hcl:"mechanism,optional"`
	Environment map[string]string `hcl:"environment,optional"`
	// PIN is known only so that giving it gets a useful error.
	PIN hcl.Expression `hcl:"pin,optional"`

	Def         hcl.Range `hcl:",def_range"`
	ModuleAt    hcl.Range `hcl:"module,attr_value_range"`
	PINAt       hcl.Range `hcl:"pin,attr_name_range"`
	PINFileAt   hcl.Range `hcl:"pin_file,attr_value_range"`
	PINFDAt     hcl.Range `hcl:"pin_fd,attr_value_range"`
	MechanismAt hcl.Range `hcl:"mechanism,attr_value_range"`
}

type fileTenant struct {
	Name        string   `hcl:"name,label"`
	Namespace   string   `hcl:"namespace,optional"`
	MountPath   string   `hcl:"mount_path"`
	KeyName     string   `hcl:"key_name"`
	Tokens      []string `hcl:"tokens,optional"`
	AllowedUIDs []int64  `hcl:"allowed_uids,optional"`

	Def         hcl.Range `hcl:",def_range"`
	NamespaceAt hcl.Range `hcl:"namespace,attr_value_range"`
	MountAt     hcl.Range `hcl:"mount_path,attr_value_range"`
	KeyAt       hcl.Range `hcl:"key_name,attr_value_range"`
	TokensAt    hcl.Range `hcl:"tokens,attr_value_range"`
	UIDsAt      hcl.Range `hcl:"allowed_uids,attr_value_range"`
}

// LoadConfig reads and checks a configuration file. It opens nothing else. The
// error lists every fault found, one a line, each with file and line.
func LoadConfig(path string) (Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %v", err)
	}
	if info.Size() > maxConfig {
		return Config{}, fmt.Errorf("configuration: %s is larger than %d bytes", path, maxConfig)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %v", err)
	}
	return ParseConfig(data, path)
}

// ParseConfig checks the text of a configuration; filename is for errors only.
func ParseConfig(data []byte, filename string) (Config, error) {
	file, diags := hclsyntax.ParseConfig(data, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return Config{}, configError(diags)
	}
	var parsed fileConfig
	if diags := gohcl.DecodeBody(file.Body, nil, &parsed); diags.HasErrors() {
		return Config{}, configError(diags)
	}
	check := &checker{}
	config := check.config(parsed)
	if check.diags.HasErrors() {
		return Config{}, configError(check.diags)
	}
	return config, nil
}

func configError(diags hcl.Diagnostics) error {
	var lines []string
	for _, diag := range diags {
		text := diag.Summary
		if diag.Detail != "" {
			text = diag.Detail
		}
		where := "configuration"
		if diag.Subject != nil {
			where = fmt.Sprintf("%s:%d", diag.Subject.Filename, diag.Subject.Start.Line)
		}
		lines = append(lines, where+": "+text)
	}
	return errors.New(strings.Join(lines, "\n"))
}
