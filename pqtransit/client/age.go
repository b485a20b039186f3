package client

import "context"

// AgeStanza is what the header of an age file has for one recipient.
type AgeStanza struct {
	Enc  []byte `json:"enc"`
	Body []byte `json:"body"`
}

// AgeUnwrapped is what became of one stanza. Error is empty where it opened.
type AgeUnwrapped struct {
	FileKey    []byte `json:"file_key"`
	KeyVersion int    `json:"key_version"`
	Error      string `json:"error"`
}

// AgeUnwrap has a key try the stanzas, at most [MaxBatch], and answers for each in order.
func (m *Mount) AgeUnwrap(ctx context.Context, key string, stanzas []AgeStanza) ([]AgeUnwrapped, error) {
	answer, err := write[struct {
		Results []AgeUnwrapped `json:"batch_results"`
	}](ctx, m, "age-unwrap/"+key, map[string]any{"batch_input": stanzas})
	if err != nil || answer == nil {
		return nil, err
	}
	return answer.Results, nil
}
