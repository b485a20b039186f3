package pqtransit

import (
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// The parameters that encrypt, decrypt and rewrap share.

func ciphertextField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Description: "A ciphertext as encrypt gave it.",
	}
}

func contextField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeString,
		Description: `Base64. Required for a derived key, whose key for this request comes from it. With an
HPKE type it is the info, and must be the same on decryption.`,
	}
}

func nonceField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Description: "Base64. Only for convergent keys made by Vault 0.6.1, which need one of 12 bytes; refused otherwise.",
	}
}

func associatedDataField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeString,
		Description: `Base64. Authenticated along with the ciphertext and not part of it: decryption needs the
same. Types without authentication refuse it.`,
	}
}

func paddingField(operation string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Description: "Padding scheme of the " + operation + ", for types that have a choice: " + paddingNames() + ".",
	}
}

func paddingNames() string {
	var names []string
	for _, algorithm := range suite.All() {
		if len(algorithm.PaddingSchemes) > 0 {
			names = append(names, algorithm.Name+" has "+strings.Join(algorithm.PaddingSchemes, " (the default) and "))
		}
	}
	return strings.Join(names, "; ")
}

func keyVersionField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeInt,
		Description: "Version to encrypt with, not older than the key's min_encryption_version; 0 for the latest.",
	}
}

func partialField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeInt,
		Description: "Status of the answer to a batch of which some items failed and some did not, instead of 400: 200 to 599, but for those without a body.",
	}
}

func batchField(input string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeSlice,
		Description: "Up to 10000 objects with " + input + ` and the other parameters of a single request, which are then
ignored outside, and optionally reference, which comes back with the result.
Results are in the order of the input.`,
	}
}

// The answers.

func encryptResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"ciphertext":    {Type: framework.TypeString, Description: "vault:v<version>:<base64>"},
		"key_version":   {Type: framework.TypeInt, Description: "Version that encrypted"},
		"batch_results": batchResultsField(),
	}
}

func decryptResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"plaintext":     {Type: framework.TypeString, Description: "The plaintext, base64"},
		"batch_results": batchResultsField(),
	}
}

func batchResultsField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeSlice,
		Description: "One object for each item of batch_input, with error where it failed",
	}
}

// batchResponses declares an answer whose status changes where items of a batch failed; 207
// stands for every value of partial_failure_response_code.
func batchResponses(fields map[string]*framework.FieldSchema) map[int][]framework.Response {
	responses := ok(fields)
	responses[http.StatusMultiStatus] = []framework.Response{{Description: "Some items failed, and the request asked for this status.", Fields: fields}}
	responses[http.StatusBadRequest] = []framework.Response{{Description: "Some items of the batch failed.", Fields: fields}}
	return responses
}
