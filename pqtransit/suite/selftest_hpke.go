package suite

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

// selfTestHPKE has for every HPKE suite a ciphertext of another implementation:
// the case "context and associated data" of testdata/golden, which names its
// origin.
//
//go:embed selftest/*.hpke.json
var selfTestHPKE embed.FS

// openKnown opens it, since a round trip does not tell a wrong key schedule. It
// passes over suites without HPKE.
func openKnown(s *Suite) error {
	if s.HPKE == nil {
		return nil
	}
	encoded, err := selfTestHPKE.ReadFile("selftest/" + s.Name + ".hpke.json")
	if err != nil {
		return fmt.Errorf("no known ciphertext of %s", s.Name)
	}
	var known struct {
		Private        []byte `json:"private"`
		Context        []byte `json:"context"`
		AssociatedData []byte `json:"associated_data"`
		Plaintext      []byte `json:"plaintext"`
		Sealed         []byte `json:"sealed"`
	}
	if err := json.Unmarshal(encoded, &known); err != nil {
		return fmt.Errorf("the known ciphertext of %s does not decode", s.Name)
	}
	key, err := s.Parse(known.Private)
	if err != nil {
		return err
	}
	params := Params{Context: known.Context, AssociatedData: known.AssociatedData}
	opened, err := key.(Encrypter).Open(params, known.Sealed)
	if err != nil || len(opened) == 0 || !bytes.Equal(opened, known.Plaintext) {
		return errSelfTest
	}
	return nil
}
