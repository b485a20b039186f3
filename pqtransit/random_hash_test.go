package pqtransit_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/digest"
)

func TestRandom(t *testing.T) {
	m := newMount(t)
	tests := []struct {
		path string
		data object
		want int
	}{
		{"random", object{}, 32},
		{"random", object{"bytes": 1}, 1},
		{"random", object{"bytes": "24", "format": "hex"}, 24},
		{"random", object{"bytes": 131072}, 131072},
		{"random", object{"source": "seal", "urlbytes": "7"}, 32}, // only in the path, as in transit
		{"random/16", object{"bytes": 5}, 16},
		{"random/platform", object{"bytes": 5}, 5},
		{"random/all", object{"format": "hex"}, 32},
		{"random/seal/9", object{"format": "hex"}, 9},
		{"random/platform/131072", object{}, 131072},
	}
	seen := map[string]bool{}
	for _, test := range tests {
		got := m.MustWrite(test.path, test.data)
		text, _ := got.Data["random_bytes"].(string)
		decode := base64.StdEncoding.DecodeString
		if test.data["format"] == "hex" {
			decode = hex.DecodeString
		}
		made, err := decode(text)
		if err != nil || len(made) != test.want || (test.want > 1 && seen[text]) {
			t.Errorf("%s %v: %d bytes, %v", test.path, test.data, len(made), err)
		}
		seen[text] = true
		warned := len(got.Response.Warnings) > 0 && got.Response.Warnings[0] == "no seal/entropy augmentation available, using platform entropy source"
		if warned != (test.path == "random/seal/9") {
			t.Errorf("%s: warnings %v", test.path, got.Response.Warnings)
		}
	}
}

func TestRandomRefuses(t *testing.T) {
	m := newMount(t)
	tests := []struct {
		path string
		data object
		want string
	}{
		{"random", object{"bytes": 0}, `"bytes" cannot be less than 1`},
		{"random/0", object{}, `"bytes" cannot be less than 1`},
		{"random", object{"bytes": -1}, `"bytes" cannot be less than 1`},
		{"random/131073", object{}, `"bytes" should be less than 131072`},
		{"random", object{"bytes": "many"}, "Field validation failed"},
		{"random", object{"format": "base32"}, `unsupported encoding format "base32"; must be "hex" or "base64"`},
		{"random", object{"format": ""}, `unsupported encoding format ""`},
		{"random/hsm", object{}, `error parsing url-set byte count: strconv.Atoi: parsing "hsm": invalid syntax`},
		{"random/seal/x", object{}, `error parsing url-set byte count: strconv.Atoi: parsing "x": invalid syntax`},
		{"random/hsm/8", object{}, `unsupported entropy source "hsm"; must be "platform" or "seal", or "all"`},
		{"random/99999999999999999999", object{}, "error parsing url-set byte count"},
	}
	for _, test := range tests {
		wantRefused(t, test.path, m.Write(test.path, test.data), test.want)
	}
	if got := m.Read("random"); got.Status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d %s", got.Status, got.Message)
	}
}

func TestHash(t *testing.T) {
	m := newMount(t)
	sum := sha256.Sum256([]byte("abc"))
	tests := []struct {
		path string
		data object
		want string
	}{
		{"hash", object{"input": b64("abc")}, hex.EncodeToString(sum[:])},
		{"hash", object{"input": b64("abc"), "format": "base64"}, base64.StdEncoding.EncodeToString(sum[:])},
		{"hash/sha2-256", object{"input": b64("abc"), "algorithm": "sha3-512"}, hex.EncodeToString(sum[:])},
		{"hash", object{"input": "", "algorithm": "sha2-224"}, "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f"},
	}
	for _, test := range tests {
		if got := m.MustWrite(test.path, test.data).Data["sum"]; got != test.want {
			t.Errorf("%s %v: %v, want %s", test.path, test.data, got, test.want)
		}
	}
	for _, name := range digest.Names() {
		algorithm, _ := digest.Lookup(name)
		got, _ := m.MustWrite("hash/"+name, object{"input": b64("x")}).Data["sum"].(string)
		if len(got) != 2*algorithm.New().Size() {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestHashRefuses(t *testing.T) {
	m := newMount(t)
	tests := []struct {
		path string
		data object
		want string
	}{
		{"hash", object{}, "input missing"},
		{"hash", object{"input": nil}, "input missing"},
		{"hash", object{"input": "secret?"}, "unable to decode input as base64: illegal base64 data at input byte 6"},
		{"hash", object{"input": object{}}, "Field validation failed"},
		{"hash", object{"input": "", "format": "base32"}, `unsupported encoding format base32; must be "hex" or "base64"`},
		{"hash", object{"input": "", "algorithm": "sha1"}, "unsupported algorithm sha1"},
		{"hash/none", object{"input": ""}, "unsupported algorithm none"},
		{"hash", object{"input": "", "algorithm": ""}, "unsupported algorithm "},
	}
	for _, test := range tests {
		wantRefused(t, test.path, m.Write(test.path, test.data), test.want)
	}
}
