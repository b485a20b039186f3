package bench

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// itemSize is the size of every plaintext and message, in bytes.
const itemSize = 32

// distinct is how many different items a batch has at most; they repeat.
const distinct = 100

type object = map[string]any

// operation is one of the engine's, as a client and as bare cryptography.
type operation struct {
	name string
	// path is between the mount and the key's name.
	path    string
	purpose suite.Purpose
	// single operations have no batch.
	single bool
	// input is the parameter that takes a plaintext or a message, from which the engine's
	// own answer to the operation of name after makes what this one takes.
	input, after, takes string
	// result is the field of the answer that must be there.
	result string
	// bare prepares the cryptography of one item.
	bare func(key suite.Key, message []byte) (func() error, error)
}

// operations are in the order of the table.
var operations = []operation{
	{name: "encrypt", path: "encrypt/", purpose: suite.Encryption, input: "plaintext", result: "ciphertext", bare: bareEncrypt},
	{name: "decrypt", path: "decrypt/", purpose: suite.Encryption, after: "encrypt", takes: "ciphertext", result: "plaintext", bare: bareDecrypt},
	{name: "datakey", path: "datakey/plaintext/", purpose: suite.Encryption, single: true, result: "ciphertext", bare: bareEncrypt},
	{name: "sign", path: "sign/", purpose: suite.Signing, input: "input", result: "signature", bare: bareSign},
	{name: "verify", path: "verify/", purpose: suite.Signing, input: "input", after: "sign", takes: "signature", result: "valid", bare: bareVerify},
	{name: "hmac", path: "hmac/", input: "input", result: "hmac", bare: bareHMAC},
}

func operationNames() []string {
	var names []string
	for _, o := range operations {
		names = append(names, o.name)
	}
	return names
}

func findOperation(name string) operation {
	return operations[slices.IndexFunc(operations, func(o operation) bool { return o.name == name })]
}

// serves reports whether keys of that type do the operation. The HMAC of a key that is not
// one is the same whatever its type, so one type stands for all.
func (o operation) serves(algorithm *suite.Suite) bool {
	if o.name == "hmac" {
		return algorithm.Name == "aes256-gcm96" || algorithm.Name == "hmac"
	}
	return algorithm.Purpose.Has(o.purpose)
}

// messages are the inputs of a batch.
func messages(count int) [][]byte {
	list := make([][]byte, count)
	for i := range list {
		list[i] = fmt.Appendf(nil, "%0*d", itemSize, i%distinct)
	}
	return list
}

// item is what the operation takes of one message, made being what the operation before
// answered.
func (o operation) item(message []byte, made object) object {
	item := object{}
	if o.input != "" {
		item[o.input] = base64.StdEncoding.EncodeToString(message)
	}
	if o.after != "" {
		item[o.takes] = made[o.takes]
	}
	return item
}

// body is a whole request; batch is 0 for one without batch_input.
func (o operation) body(batch int, made []object) ([]byte, error) {
	items := make([]object, max(batch, 1))
	for i, message := range messages(len(items)) {
		var before object
		if o.after != "" {
			before = made[i%len(made)]
		}
		items[i] = o.item(message, before)
	}
	if batch == 0 {
		return json.Marshal(items[0])
	}
	return json.Marshal(object{"batch_input": items})
}

// results are the items of an answer, each checked to be a success.
func (o operation) results(batch int, data object) ([]object, error) {
	items := []any{data}
	if batch > 0 {
		items, _ = data["batch_results"].([]any)
	}
	if len(items) != max(batch, 1) {
		return nil, fmt.Errorf("%s: %d results to %d items", o.name, len(items), batch)
	}
	var results []object
	for i, item := range items {
		result, _ := item.(object)
		if err := o.checkResult(result, i); err != nil {
			return nil, fmt.Errorf("%s: item %d: %v", o.name, i, err)
		}
		results = append(results, result)
	}
	return results, nil
}

// checkResult also holds a plaintext to be the one that was encrypted.
func (o operation) checkResult(result object, index int) error {
	value := result[o.result]
	switch text, isText := value.(string); {
	case result["error"] != nil:
		return fmt.Errorf("refused: %v", result["error"])
	case isText && text == "" || value == nil || value == false:
		return fmt.Errorf("no %s", o.result)
	case o.name == "decrypt":
		plaintext, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !bytes.Equal(plaintext, messages(index + 1)[index]) {
			return errors.New("another plaintext")
		}
	}
	return nil
}
