package envelope_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

func TestParseTextRefuses(t *testing.T) {
	good, err := sealed(t, 1, newDataKey(t), []byte("x")).Text()
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Split(good, ":")[1]
	body := strings.Split(good, ":")[2]
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	signed := bytes.Clone(raw)
	signed[len(signed)-29-1] = 1 // the low byte of the signature's length
	for _, test := range []struct{ name, text string }{
		{"empty", ""},
		{"prefix only", "vault:"},
		{"two parts", "vault:" + body},
		{"four parts", good + ":"},
		{"wrong prefix", "Vault:" + id + ":" + body},
		{"transit's own form", "vault:v1:" + body},
		{"other id in front", "vault:v8-" + id[3:] + ":" + body},
		{"upper-case id", "vault:" + strings.ToUpper(id) + ":" + body},
		{"leading zero", "vault:v07" + id[2:] + ":" + body},
		{"version zero", "vault:v0" + id[2:] + ":" + body},
		{"no v", "vault:" + id[1:] + ":" + body},
		{"url base64", "vault:" + id + ":-_" + body[2:]},
		{"unpadded base64", "vault:" + id + ":" + strings.TrimRight(body, "=") + "A"},
		{"line break", "vault:" + id + ":" + body[:4] + "\n" + body[4:]},
		{"space", good + " "},
		{"no body", "vault:" + id + ":"},
		{"too long", good + strings.Repeat("A", 1<<20)},
		{"signed", "vault:" + id + ":" + base64.StdEncoding.EncodeToString(signed)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if blob, err := envelope.ParseText(test.text); !errors.Is(err, envelope.ErrInvalid) || blob != nil {
				t.Fatalf("got %v, %v", blob, err)
			}
		})
	}
}

func TestKeyID(t *testing.T) {
	one := envelope.NewKeyID(tenant, 1, [][]byte{{1}, {2}})
	if diff := cmp.Diff(one, envelope.NewKeyID(tenant, 1, [][]byte{{2}, {1}, {2}})); diff != "" {
		t.Error("order or repetition matters:", diff)
	}
	for name, other := range map[string]envelope.KeyID{
		"tenant":  envelope.NewKeyID(envelope.Tenant{}, 1, [][]byte{{1}, {2}}),
		"version": envelope.NewKeyID(tenant, 2, [][]byte{{1}, {2}}),
		"keys":    envelope.NewKeyID(tenant, 1, [][]byte{{1}}),
		"split":   envelope.NewKeyID(tenant, 1, [][]byte{{1, 2}}),
	} {
		if one.Fingerprint == other.Fingerprint {
			t.Errorf("fingerprint does not depend on the %s", name)
		}
	}
	back, err := envelope.ParseKeyID(one.String())
	if err != nil || back != one {
		t.Errorf("%s parses to %v, %v", one, back, err)
	}
}

func TestDataKeyNeedsRandomness(t *testing.T) {
	if _, err := envelope.NewDataKey(strings.NewReader("too short")); err == nil {
		t.Error("a data key was made from too little randomness")
	}
}
