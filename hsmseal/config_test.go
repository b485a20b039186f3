package hsmseal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

const goodConfig = `state_dir = "/var/lib/hsmseald"
listener "unix" {
  path = "/run/hsmseald/seal.sock"
}
token "softhsm" {
  module      = "/usr/lib/softhsm/libsofthsm2.so"
  label       = "palisade-dev"
  pin_file    = "/etc/hsmseald/pin"
  environment = { SOFTHSM2_CONF = "/etc/softhsm2.conf" }
}
tenant "dev" {
  mount_path = "transit/"
  key_name   = "vault-dev"
}
`

func TestParseConfig(t *testing.T) {
	full := strings.NewReplacer(
		`seal.sock"`, "seal.sock\"\nmode = \"0660\"",
		`pin_file    = "/etc/hsmseald/pin"`, `pin_fd = 3`,
		`label       =`, "serial = \"0011\"\nmechanism = \"aes-gcm\"\nlabel =",
		`mount_path =`, "namespace = \"ns1/team/\"\ntokens = [\"softhsm\"]\nallowed_uids = [0, 1000]\nmount_path =",
	).Replace(goodConfig)
	softhsm := worker.Config{
		Name: "softhsm", Module: "/usr/lib/softhsm/libsofthsm2.so", Label: "palisade-dev",
		PIN:         worker.PINSource{File: "/etc/hsmseald/pin"},
		Environment: map[string]string{"SOFTHSM2_CONF": "/etc/softhsm2.conf"},
		StateDir:    "/var/lib/hsmseald/pin-guard",
	}
	withFD := softhsm
	withFD.PIN, withFD.Serial = worker.PINSource{FD: 3}, "0011"
	for _, test := range []struct {
		name, text string
		want       hsmseal.Config
	}{
		{"defaults", goodConfig, hsmseal.Config{
			StateDir: "/var/lib/hsmseald",
			Listener: hsmseal.ListenerConfig{Path: "/run/hsmseald/seal.sock", Mode: 0o600},
			Tokens:   []hsmseal.TokenConfig{{Config: softhsm, Mechanism: "aes-gcm"}},
			Tenants: []hsmseal.TenantConfig{{
				Name: "dev", Binding: envelope.Tenant{MountPath: "transit", KeyName: "vault-dev"}, Tokens: []string{"softhsm"},
			}},
		}},
		{"everything", full, hsmseal.Config{
			StateDir: "/var/lib/hsmseald",
			Listener: hsmseal.ListenerConfig{Path: "/run/hsmseald/seal.sock", Mode: 0o660},
			Tokens:   []hsmseal.TokenConfig{{Config: withFD, Mechanism: "aes-gcm"}},
			Tenants: []hsmseal.TenantConfig{{
				Name: "dev", Binding: envelope.Tenant{Namespace: "ns1/team", MountPath: "transit", KeyName: "vault-dev"},
				Tokens: []string{"softhsm"}, AllowedUIDs: []uint32{0, 1000},
			}},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := hsmseal.ParseConfig([]byte(test.text), "seal.hcl")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		// want is a part of the error; where is the place it must name.
		where, want string
	}{
		{"syntax", `listener "unix" {`, `listener "unix" `, "seal.hcl:2", ""},
		{"unknown name", `state_dir =`, "colour = \"red\"\nstate_dir =", "seal.hcl:1", "colour"},
		{"unknown name in a block", `label       =`, "slot = 0\nlabel =", "seal.hcl:7", "slot"},
		{"unknown block", `tenant "dev" {`, "audit {}\ntenant \"dev\" {", "seal.hcl:11", "audit"},
		{"no state_dir", "state_dir = \"/var/lib/hsmseald\"\n", "\n", "seal.hcl:", "state_dir"},
		{"relative state_dir", `"/var/lib/hsmseald"`, `"state"`, "seal.hcl:1", "absolute"},
		{"relative socket", `"/run/hsmseald/seal.sock"`, `"seal.sock"`, "seal.hcl:3", "absolute"},
		{"long socket", `/run/hsmseald/seal.sock`, "/" + strings.Repeat("x", 107), "seal.hcl:3", "108 bytes"},
		{"relative module", `"/usr/lib/softhsm/`, `"softhsm/`, "seal.hcl:6", "module must be an absolute path"},
		{"relative pin_file", `"/etc/hsmseald/pin"`, `"pin"`, "seal.hcl:8", "absolute"},
		{"pin", `pin_file    =`, `pin =`, "seal.hcl:8", "pin is no parameter"},
		{"no pin source", `pin_file    = "/etc/hsmseald/pin"`, ``, "seal.hcl:5", "exactly one of pin_file and pin_fd"},
		{"two pin sources", `pin_file    =`, "pin_fd = 3\npin_file =", "seal.hcl:5", "exactly one of pin_file and pin_fd"},
		{"pin from stdin", `pin_file    = "/etc/hsmseald/pin"`, `pin_fd = 0`, "seal.hcl:8", "standard streams"},
		{"pin_fd twice", `tenant "dev"`, "token \"a\" {\nmodule = \"/m\"\nlabel = \"l\"\npin_fd = 3\n}\n" +
			"token \"b\" {\nmodule = \"/m\"\nlabel = \"l\"\npin_fd = 3\n}\ntenant \"dev\"", "seal.hcl:19", "read once"},
		{"pin_fd of a wrong type", `pin_file    = "/etc/hsmseald/pin"`, `pin_fd = "three"`, "seal.hcl:8", "number"},
		{"no label", `label       = "palisade-dev"`, ``, "seal.hcl:5", "label or a serial"},
		{"unknown mechanism", `label       =`, "mechanism = \"rot13\"\nlabel =", "seal.hcl:7", `rot13" is not known, there is "aes-gcm"`},
		{"bad environment", `SOFTHSM2_CONF =`, `"A=B" =`, "seal.hcl:5", "environment"},
		{"mode not octal", `seal.sock"`, "seal.sock\"\nmode = \"rw\"", "seal.hcl:4", "octal"},
		{"mode shuts the owner out", `seal.sock"`, "seal.sock\"\nmode = \"0060\"", "seal.hcl:4", "owner"},
		{"unknown listener", `listener "unix"`, `listener "tcp"`, "seal.hcl:2", "tcp"},
		{"two listeners", `token "softhsm"`, "listener \"unix\" {\npath = \"/b\"\n}\ntoken \"softhsm\"", "seal.hcl:1", "exactly one listener"},
		{"token name", `token "softhsm"`, `token "../x"`, "seal.hcl:5", "token name"},
		{"tenant name", `tenant "dev"`, `tenant "Dev/1"`, "seal.hcl:11", "tenant name"},
		{"empty mount", `"transit/"`, `"/"`, "seal.hcl:12", "mount_path"},
		{"odd mount", `"transit/"`, `"a/../b"`, "seal.hcl:12", "mount_path"},
		{"odd key name", `"vault-dev"`, `"a:b"`, "seal.hcl:13", "key_name"},
		{"empty key name", `"vault-dev"`, `""`, "seal.hcl:13", "key_name"},
		{"unknown token", `key_name   =`, "tokens = [\"luna\"]\nkey_name =", "seal.hcl:13", "luna"},
		{"no tokens", `key_name   =`, "tokens = []\nkey_name =", "seal.hcl:13", "empty"},
		{"token twice", `key_name   =`, "tokens = [\"softhsm\", \"softhsm\"]\nkey_name =", "seal.hcl:13", "twice"},
		{"no uids", `key_name   =`, "allowed_uids = []\nkey_name =", "seal.hcl:13", "empty"},
		{"negative uid", `key_name   =`, "allowed_uids = [-1]\nkey_name =", "seal.hcl:13", "-1"},
		{"same tenant name", `tenant "dev"`, "tenant \"dev\" {\nmount_path = \"b\"\nkey_name = \"c\"\n}\ntenant \"dev\"", "seal.hcl:15", "defined twice"},
		{"same binding", `tenant "dev"`, "tenant \"two\" {\nmount_path = \"transit\"\nkey_name = \"vault-dev\"\n}\ntenant \"dev\"", "seal.hcl:15", "of another tenant"},
		{"a function", `"palisade-dev"`, `env("LABEL")`, "seal.hcl:7", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(goodConfig, test.old, test.new, 1)
			if text == goodConfig {
				t.Fatal("the case changes nothing")
			}
			_, err := hsmseal.ParseConfig([]byte(text), "seal.hcl")
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.where) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q names neither %q nor %q", err, test.where, test.want)
			}
		})
	}
}

func TestParseConfigNeedsTokensAndTenants(t *testing.T) {
	_, err := hsmseal.ParseConfig([]byte("state_dir = \"/x\"\n"), "seal.hcl")
	for _, want := range []string{"listener block", "token block", "tenant block"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not ask for a %s", err, want)
		}
	}
}

func TestLoadConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.hcl")
	if _, err := hsmseal.LoadConfig(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(goodConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hsmseal.LoadConfig(path); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hsmseal.LoadConfig(path); err == nil {
		t.Error("a file over the limit was read")
	}
}

func FuzzParseConfig(f *testing.F) {
	if _, err := hsmseal.ParseConfig([]byte(goodConfig), "seal.hcl"); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(goodConfig))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := hsmseal.ParseConfig(data, "seal.hcl")
		if err == nil && (!filepath.IsAbs(config.StateDir) || len(config.Tenants) == 0 || len(config.Tokens) == 0) {
			t.Fatalf("accepted %+v", config)
		}
	})
}
