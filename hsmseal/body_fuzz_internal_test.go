package hsmseal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// FuzzRequestBody: a body is one JSON object with the one parameter, or a 400.
func FuzzRequestBody(f *testing.F) {
	accepted := 0
	for _, seed := range []string{
		`{"plaintext":"YQ=="}`, `{"plaintext":""}`, `{}`, `{"plaintext":1}`, `{"plaintext":"YQ==","context":"YQ=="}`,
		`{"plaintext":"YQ=="}{}`, `{"plaintext":"Y\nQ=="}`, `{"plaintext":"YQ"}`, `null`, `[`, ``,
	} {
		if plaintext, err := readBody([]byte(seed)); err == nil && plaintext != nil {
			accepted++
		}
		f.Add([]byte(seed))
	}
	if accepted < 2 {
		f.Fatalf("%d of the seeds are accepted, want 2 at least", accepted)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		plaintext, err := readBody(body)
		if err != nil {
			var refusal *httpError
			if !errors.As(err, &refusal) || refusal.status != http.StatusBadRequest {
				t.Errorf("%q is refused with %v", body, err)
			}
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q is not JSON and was read", body)
		}
		if encoded := base64.StdEncoding.EncodeToString(plaintext); !strings.Contains(unescaped(body), encoded) {
			t.Errorf("%q was read as %x", body, plaintext)
		}
	})
}

// unescaped is a JSON text without escapes, nor the line ends that base64 may hold.
func unescaped(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return ""
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(fmt.Sprint(value))
}

// readBody reads a body as the encrypt call does; nil without an error is a missing plaintext.
func readBody(body []byte) ([]byte, error) {
	var in struct {
		Plaintext *string `json:"plaintext"`
	}
	if err := decodeBody(body, &in); err != nil || in.Plaintext == nil {
		return nil, err
	}
	plaintext, err := decodeBase64(*in.Plaintext)
	if err == nil && plaintext == nil {
		plaintext = []byte{}
	}
	return plaintext, err
}
