package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// What Terraform's Vault provider (seen at 5.9) sends and how it reads the answers, on the raw
// API: vault_transit_secret_backend_key, its data sources and vault_transit_secret_cache_config,
// for every key type.

// terraformCreate is what the provider sends to make a key: the type's own parameters, and
// key_size, which it never leaves out.
func terraformCreate(s *suite.Suite) object {
	body := object{"type": s.Name, "derived": false, "convergent_encryption": false, "auto_rotate_period": 0, "key_size": 0}
	if s.Selector.Type == "" {
		return body
	}
	body["type"] = s.Selector.Type
	for name, value := range map[string]string{
		"parameter_set": s.Selector.ParameterSet, "hybrid_key_type_pqc": s.Selector.HybridPQC, "hybrid_key_type_ec": s.Selector.HybridEC,
	} {
		if value != "" {
			body[name] = value
		}
	}
	return body
}

// terraformConfig is what it sends next; one name is misspelt there, so it must be ignored.
func terraformConfig() object {
	return object{
		"min_decryption_version": 1, "min_encryption_versoin": 0, "deletion_allowed": true,
		"exportable": true, "allow_plaintext_backup": false, "auto_rotate_period": 7200,
	}
}

func TestTerraformProvider(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range suite.All() {
		seen++
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			client, name := root(t), uniqueName(t)
			path := "pqtransit/keys/" + name
			create := terraformCreate(s)
			write(t, client, path, create)
			write(t, client, path+"/config", terraformConfig())
			terraformReads(t, client, path, create["type"])
			write(t, client, path+"/config", object{"min_decryption_version": 1, "min_encryption_version": 0, "deletion_allowed": true, "exportable": true, "allow_plaintext_backup": false, "auto_rotate_period": 0})
			write(t, client, path+"/rotate", nil)
			data := terraformReads(t, client, path, create["type"])
			terraformDataSources(t, client, name, data)
			if got := send(t, client, "DELETE", path, nil); got.status != 204 {
				t.Errorf("delete: %d %s", got.status, got.body)
			}
			if secret, err := client.Logical().ReadWithContext(t.Context(), path); secret != nil || err != nil {
				t.Errorf("a deleted key reads %v, %v", secret, err)
			}
		})
	}
	if seen < 40 {
		t.Errorf("only %d types", seen)
	}
}

// terraformReads holds each assumption of the provider's read; where a number is missing, it
// panics.
func terraformReads(t *testing.T, client *api.Client, path string, wantType any) object {
	t.Helper()
	data := read(t, client, path)
	numbers := []string{"latest_version", "min_available_version", "min_decryption_version", "min_encryption_version", "auto_rotate_period"}
	if _, there := data["key_size"]; there || data["type"] == "hmac" {
		numbers = append(numbers, "key_size")
	}
	for _, name := range numbers {
		number, ok := data[name].(json.Number)
		if _, err := number.Int64(); !ok || err != nil {
			t.Errorf("%s is %T %v", name, data[name], data[name])
		}
	}
	for _, name := range []string{"allow_plaintext_backup", "deletion_allowed", "derived", "exportable", "supports_decryption", "supports_derivation", "supports_encryption", "supports_signing"} {
		if _, ok := data[name].(bool); !ok {
			t.Errorf("%s is %T %v", name, data[name], data[name])
		}
	}
	if data["type"] != wantType || data["exportable"] != true || data["deletion_allowed"] != true {
		t.Errorf("type %v, exportable %v, deletion_allowed %v: it would plan a change", data["type"], data["exportable"], data["deletion_allowed"])
	}
	terraformKeys(t, data["keys"])
	return data
}

// terraformKeys are absent, numbers, or flat objects of strings.
func terraformKeys(t *testing.T, keys any) {
	t.Helper()
	versions, ok := keys.(object)
	if keys != nil && !ok {
		t.Errorf("keys are a %T", keys)
	}
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		fields, isObject := versions[version].(object)
		if _, isNumber := versions[version].(json.Number); !isNumber && !isObject {
			t.Errorf("keys.%s is %T", version, versions[version])
		}
		for name, value := range fields {
			if _, ok := value.(string); !ok {
				t.Errorf("keys.%s.%s is %T", version, name, value)
			}
		}
	}
}

// terraformDataSources sends what vault_transit_encrypt, _decrypt, _sign and _verify do. The
// last names a hash, an algorithm, a marshaling and a salt length whatever the key.
func terraformDataSources(t *testing.T, client *api.Client, name string, data object) {
	t.Helper()
	if data["supports_encryption"] == true {
		sealed := write(t, client, "pqtransit/encrypt/"+name, object{"plaintext": b64("kept"), "context": "", "key_version": 0})
		opened := write(t, client, "pqtransit/decrypt/"+name, object{"ciphertext": sealed["ciphertext"], "context": ""})
		if opened["plaintext"] != b64("kept") {
			t.Errorf("opened to %v", opened)
		}
	}
	if data["supports_signing"] == true {
		signed := write(t, client, "pqtransit/sign/"+name, object{"input": b64("kept"), "key_version": 1})
		verified := write(t, client, "pqtransit/verify/"+name, object{
			"input": b64("kept"), "signature": signed["signature"],
			"hash_algorithm": "sha2-256", "signature_algorithm": "pss", "marshaling_algorithm": "asn1", "salt_length": "auto",
		})
		if verified["valid"] != true {
			t.Errorf("verified %v", verified)
		}
		batch := write(t, client, "pqtransit/sign/"+name, object{"batch_input": []object{{"input": b64("kept")}}})
		if got := results(t, batch, 1)[0]["signature"]; got == nil {
			t.Errorf("batch %v", batch)
		}
	}
}

// The cache's resource writes, reloads the mount, and reads the size as a number.
// It is alone, because Vault ends a plugin's process for the reload of any of its mounts.
func TestTerraformCacheConfig(t *testing.T) {
	client, mount := root(t), uniqueName(t)
	if err := client.Sys().MountWithContext(t.Context(), mount, &api.MountInput{Type: "pqtransit"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().Unmount(mount); err != nil {
			t.Error(err)
		}
	})
	for _, size := range []int{600, 0, 700} {
		write(t, client, mount+"/cache-config", object{"size": size})
		write(t, client, "sys/plugins/reload/backend", object{"mounts": []string{mount + "/"}})
		raw := send(t, client, "GET", mount+"/cache-config", nil)
		var body struct{ Data object }
		decoder := json.NewDecoder(bytes.NewReader([]byte(raw.body)))
		decoder.UseNumber()
		if err := decoder.Decode(&body); err != nil || body.Data["size"] != json.Number(fmt.Sprint(size)) {
			t.Errorf("size %v after %d (%v)", body.Data["size"], size, err)
		}
	}
}
