package scripts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/palisade-vault/palisade/backend"
)

// terraformBlocks are the arguments of the Vault provider (5.9) that the example may use, and
// meta is Terraform's own.
var (
	terraformBlocks = map[string][]string{
		"resource vault_plugin":                      {"type", "name", "version", "command", "sha256", "args", "env"},
		"resource vault_mount":                       {"path", "type", "description", "plugin_version", "options", "default_lease_ttl_seconds", "max_lease_ttl_seconds", "audit_non_hmac_request_keys", "audit_non_hmac_response_keys", "passthrough_request_headers", "allowed_response_headers"},
		"resource vault_transit_secret_cache_config": {"backend", "size"},
		"resource vault_transit_secret_backend_key":  {"backend", "name", "type", "derived", "convergent_encryption", "exportable", "allow_plaintext_backup", "auto_rotate_period", "key_size", "context", "deletion_allowed", "min_decryption_version", "min_encryption_version", "parameter_set", "hybrid_key_type_pqc", "hybrid_key_type_ec"},
		"data vault_transit_encrypt":                 {"backend", "key", "plaintext", "context", "key_version"},
		"data vault_transit_decrypt":                 {"backend", "key", "ciphertext", "context"},
		"data vault_transit_sign":                    {"path", "name", "input", "batch_input", "context", "hash_algorithm", "key_version", "marshaling_algorithm", "prehashed", "reference", "salt_length", "signature_algorithm", "signature_context"},
		"data vault_transit_verify":                  {"path", "name", "input", "signature", "hmac", "cmac", "mac_length", "batch_input", "context", "hash_algorithm", "marshaling_algorithm", "prehashed", "reference", "salt_length", "signature_algorithm", "signature_context"},
	}
	terraformMeta = map[string][]string{
		"terraform": nil, "lifecycle": {"ignore_changes", "prevent_destroy"}, "required_providers": {"vault"},
		"variable": {"description", "type", "default"}, "output": {"value", "sensitive"},
	}
)

// The example parses, and uses each resource and data source that it is there to show, with
// arguments that the provider has.
func TestTerraformExample(t *testing.T) {
	file, diagnostics := hclparse.NewParser().ParseHCLFile("../examples/terraform/main.tf")
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	used := map[string]bool{}
	checkBlocks(t, file.Body.(*hclsyntax.Body).Blocks, used)
	for name := range terraformBlocks {
		if !used[name] {
			t.Errorf("the example has no %s", name)
		}
	}
	source, err := os.ReadFile("../examples/terraform/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), `"`+backend.Version+`"`) {
		t.Errorf("the example's version is not the plugin's %s", backend.Version)
	}
	declared := regexp.MustCompile(`variable "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	for _, reference := range regexp.MustCompile(`\bvar\.(\w+)`).FindAllStringSubmatch(string(source), -1) {
		if !slices.ContainsFunc(declared, func(variable []string) bool { return variable[1] == reference[1] }) {
			t.Errorf("variable %s is not declared", reference[1])
		}
	}
}

func checkBlocks(t *testing.T, blocks hclsyntax.Blocks, used map[string]bool) {
	t.Helper()
	for _, block := range blocks {
		name := block.Type
		allowed, known := terraformMeta[name]
		if name == "resource" || name == "data" {
			name += " " + block.Labels[0]
			allowed, known = terraformBlocks[name]
			used[name] = true
		}
		if !known {
			t.Errorf("%s: unknown block %s", block.TypeRange, name)
		}
		for argument, attribute := range block.Body.Attributes {
			if !slices.Contains(allowed, argument) {
				t.Errorf("%s: %s has no argument %s", attribute.SrcRange, name, argument)
			}
			checkReferences(t, attribute.Expr)
		}
		checkBlocks(t, block.Body.Blocks, used)
	}
}

// checkReferences wants every root of a reference to be one that Terraform knows.
func checkReferences(t *testing.T, expression hcl.Expression) {
	t.Helper()
	for _, traversal := range expression.Variables() {
		root := traversal.RootName()
		_, resource := terraformBlocks["resource "+root]
		if !resource && !slices.Contains([]string{"var", "data", "string", "type"}, root) {
			t.Errorf("%s: reference to %s", traversal.SourceRange(), root)
		}
	}
}
