package pqtransit

import (
	"maps"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// defaultType is the algorithm of keys whose creator names none, as in transit.
const defaultType = "aes256-gcm96"

func typeNames() string { return strings.Join(suite.Names(), ", ") }

// ok declares the answer of an operation that has one.
func ok(fields map[string]*framework.FieldSchema) map[int][]framework.Response {
	return map[int][]framework.Response{
		http.StatusOK: {{Description: http.StatusText(http.StatusOK), Fields: fields}},
	}
}

// keyResponse is what every path under keys/:name answers; keyAnswer fills it.
func keyResponse() map[string]*framework.FieldSchema {
	return withFields(rotationResponse(), map[string]*framework.FieldSchema{
		"name":                          required(framework.TypeString, "Name of the key"),
		"type":                          required(framework.TypeString, "Algorithm of the latest version"),
		"derived":                       required(framework.TypeBool, "Whether each use needs a context"),
		"deletion_allowed":              required(framework.TypeBool, "Whether the key may be deleted"),
		"min_available_version":         required(framework.TypeInt, "Oldest version that was not trimmed, 0 if none was"),
		"min_decryption_version":        required(framework.TypeInt, "Oldest version that decrypts"),
		"min_encryption_version":        required(framework.TypeInt, "Oldest version that encrypts, 0 for any"),
		"latest_version":                required(framework.TypeInt, "Newest version"),
		"exportable":                    required(framework.TypeBool, "Whether the key may be exported"),
		"allow_plaintext_backup":        required(framework.TypeBool, "Whether plaintext backups may be taken"),
		"supports_encryption":           required(framework.TypeBool, "Whether the latest version encrypts"),
		"supports_decryption":           required(framework.TypeBool, "Whether the latest version decrypts"),
		"supports_signing":              required(framework.TypeBool, "Whether the latest version signs"),
		"supports_derivation":           required(framework.TypeBool, "Whether the latest version's algorithm can derive keys"),
		"auto_rotate_period":            required(framework.TypeInt, "Seconds after which the key rotates by itself, 0 for never"),
		"imported_key":                  required(framework.TypeBool, "Whether the latest version was imported"),
		"keys":                          {Type: framework.TypeMap, Description: "Versions in use: creation time, or for asymmetric and mixed keys an object each; absent for keys that only make MACs"},
		"parameter_set":                 {Type: framework.TypeString, Description: "Parameter set of the latest version, where its type has one"},
		"hybrid_key_type_pqc":           {Type: framework.TypeString, Description: "Post-quantum half of the type hybrid"},
		"hybrid_key_type_ec":            {Type: framework.TypeString, Description: "Classical half of the type hybrid"},
		"key_size":                      {Type: framework.TypeInt, Description: "Size of the key in bytes, where it is variable"},
		"imported_key_allow_rotation":   {Type: framework.TypeBool, Description: "Whether an imported key may be rotated"},
		"backup_info":                   {Type: framework.TypeMap, Description: "Time and version of the last backup"},
		"restore_info":                  {Type: framework.TypeMap, Description: "Time and version of the last restore"},
		"kdf":                           {Type: framework.TypeString, Description: "Key derivation function of a derived key"},
		"kdf_mode":                      {Type: framework.TypeString, Description: "The same, for keys of the oldest kind"},
		"convergent_encryption":         {Type: framework.TypeBool, Description: "Whether a derived key is convergent"},
		"convergent_encryption_version": {Type: framework.TypeInt, Description: "Convergent scheme, -1 when each version has its own"},
	})
}

func required(kind framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: kind, Description: description, Required: true}
}

// withFields joins two sets of parameters that share no name.
func withFields(fields, more map[string]*framework.FieldSchema) map[string]*framework.FieldSchema {
	joined := maps.Clone(fields)
	maps.Copy(joined, more)
	return joined
}
