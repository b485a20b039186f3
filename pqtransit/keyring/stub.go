package keyring

import (
	"encoding/json"
	"fmt"
)

// stubFormat is the version of the stub's form.
const stubFormat = 1

// stubType is a key type that the built-in engine does not know, so that it refuses every
// operation with the name.
const stubType = 1000

// stub is what lies at policy/<name> for a key in our own format. To the built-in engine it
// is a key that exists and can do nothing:
//
//   - encrypt, decrypt, sign and rotate do not know its type;
//   - hmac and verify refuse its latest version, which is negative;
//   - no change of its settings can be stored, because the version is below 1;
//   - delete is not allowed, and so cannot become allowed;
//   - the HMAC key, a fixed text, is there only because a key without one is "upgraded".
//
// The built-in engine reads over the field palisade, by which we know it.
type stub struct {
	Palisade             int                  `json:"palisade"`
	Name                 string               `json:"name"`
	Type                 int                  `json:"type"`
	Keys                 map[string]stubEntry `json:"keys"`
	LatestVersion        int                  `json:"latest_version"`
	ArchiveVersion       int                  `json:"archive_version"`
	MinDecryptionVersion int                  `json:"min_decryption_version"`
	DeletionAllowed      bool                 `json:"deletion_allowed"`
	Exportable           bool                 `json:"exportable"`
}

type stubEntry struct {
	HMACKey []byte `json:"hmac_key"`
}

func encodeStub(name string) ([]byte, error) {
	encoded, err := json.Marshal(stub{
		Palisade:             stubFormat,
		Name:                 name,
		Type:                 stubType,
		Keys:                 map[string]stubEntry{"-1": {HMACKey: []byte("this is not a key")}},
		LatestVersion:        -1,
		ArchiveVersion:       -1,
		MinDecryptionVersion: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to encode the stub of key %s: %v", name, err)
	}
	return encoded, nil
}

// isStub reports whether an entry of policy/ is a stub of ours.
func isStub(value []byte) bool {
	var found struct {
		Palisade int `json:"palisade"`
		Type     int `json:"type"`
	}
	return json.Unmarshal(value, &found) == nil && found.Palisade > 0 && found.Type == stubType
}
