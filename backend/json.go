package backend

import (
	"encoding/json"
	"fmt"
)

func decodeObject(text string) (map[string]any, error) {
	data := map[string]any{}
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		return nil, fmt.Errorf("the parameters do not decode: %w", err)
	}
	return data, nil
}

func encodeObject(data map[string]any) (string, error) {
	encoded, err := json.Marshal(data)
	return string(encoded), err
}
