package envelope_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

var update = flag.Bool("update", false, "write the golden files")

var tenant = envelope.Tenant{Namespace: "", MountPath: "transit", KeyName: "vault-dev"}

// sealed makes a blob with so many wraps; wrapped keys are only bytes here.
func sealed(t *testing.T, wraps int, dataKey, plaintext []byte) *envelope.Blob {
	t.Helper()
	blob := &envelope.Blob{KeyID: envelope.NewKeyID(tenant, 7, [][]byte{{1, 2, 3}})}
	for i := range wraps {
		blob.Wraps = append(blob.Wraps, envelope.Wrap{
			Token: envelope.TokenID{byte(wraps - i)}, KeyID: []byte{1, 2, 3},
			Mechanism: "aes-gcm", Wrapped: bytes.Repeat([]byte{byte(i)}, 60),
		})
	}
	if err := blob.Seal(tenant, dataKey, plaintext); err != nil {
		t.Fatal(err)
	}
	return blob
}

func newDataKey(t *testing.T) []byte {
	t.Helper()
	key, err := envelope.NewDataKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		key := newDataKey(t)
		plaintext := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "plaintext")
		text, err := sealed(t, rapid.IntRange(1, envelope.MaxWraps).Draw(rt, "wraps"), key, plaintext).Text()
		if err != nil {
			rt.Fatal(err)
		}
		if parts := strings.Split(text, ":"); len(parts) != 3 {
			rt.Fatalf("text has %d parts by ':', Vault demands 3", len(parts))
		}
		blob, err := envelope.ParseText(text)
		if err != nil {
			rt.Fatal(err)
		}
		back, err := blob.Open(tenant, key)
		if err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(back, plaintext) {
			rt.Fatalf("got %x, want %x", back, plaintext)
		}
	})
}

func TestLargestBlobPasses(t *testing.T) {
	key := newDataKey(t)
	blob := &envelope.Blob{KeyID: envelope.KeyID{Version: 1<<32 - 1}}
	for i := range envelope.MaxWraps {
		blob.Wraps = append(blob.Wraps, envelope.Wrap{
			Token: envelope.TokenID{byte(i)}, KeyID: make([]byte, envelope.MaxKeyID),
			Mechanism: strings.Repeat("z", envelope.MaxMechanism), Wrapped: make([]byte, envelope.MaxWrapped),
		})
	}
	if err := blob.Seal(tenant, key, make([]byte, envelope.MaxPlaintext)); err != nil {
		t.Fatal(err)
	}
	text, err := blob.Text()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := envelope.ParseText(text); err != nil {
		t.Fatal(err)
	}
	if err := blob.Seal(tenant, key, make([]byte, envelope.MaxPlaintext+1)); err == nil {
		t.Error("a plaintext over the limit was sealed")
	}
}

func TestEveryTruncationAndFlipIsRefused(t *testing.T) {
	key := newDataKey(t)
	data, err := sealed(t, 2, key, []byte("unseal key")).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	open := func(data []byte) error {
		blob, err := envelope.Parse(data)
		if err != nil {
			return err
		}
		_, err = blob.Open(tenant, key)
		return err
	}
	if err := open(data); err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if err := open(data[:n]); !errors.Is(err, envelope.ErrInvalid) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	for bit := range len(data) * 8 {
		changed := bytes.Clone(data)
		changed[bit/8] ^= 1 << (bit % 8)
		if err := open(changed); !errors.Is(err, envelope.ErrInvalid) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
	}
	if err := open(append(bytes.Clone(data), 0)); !errors.Is(err, envelope.ErrInvalid) {
		t.Fatalf("trailing byte: %v", err)
	}
}

func TestBoundToTenantKeyAndWraps(t *testing.T) {
	key := newDataKey(t)
	for _, test := range []struct {
		name   string
		tenant envelope.Tenant
		key    []byte
		change func(*envelope.Blob)
	}{
		{name: "other namespace", tenant: envelope.Tenant{Namespace: "x", MountPath: "transit", KeyName: "vault-dev"}, key: key},
		{name: "other mount", tenant: envelope.Tenant{MountPath: "transit2", KeyName: "vault-dev"}, key: key},
		{name: "other key name", tenant: envelope.Tenant{MountPath: "transit", KeyName: "vault-prod"}, key: key},
		{name: "parts shifted", tenant: envelope.Tenant{Namespace: "transit", KeyName: "vault-dev"}, key: key},
		{name: "other data key", tenant: tenant, key: newDataKey(t)},
		{name: "short data key", tenant: tenant, key: key[:31]},
		{name: "wrap removed", tenant: tenant, key: key, change: func(b *envelope.Blob) { b.Wraps = b.Wraps[:1] }},
		{name: "wrap replaced", tenant: tenant, key: key, change: func(b *envelope.Blob) { b.Wraps[0].Wrapped = []byte("mine") }},
		{name: "version changed", tenant: tenant, key: key, change: func(b *envelope.Blob) { b.KeyID.Version++ }},
	} {
		t.Run(test.name, func(t *testing.T) {
			blob := sealed(t, 2, key, []byte("secret"))
			if test.change != nil {
				test.change(blob)
			}
			if out, err := blob.Open(test.tenant, test.key); err == nil || out != nil {
				t.Fatalf("opened: %q, %v", out, err)
			}
		})
	}
}

func TestWrapAADsDiffer(t *testing.T) {
	id := envelope.KeyID{Version: 1, Fingerprint: [4]byte{1}}
	base := envelope.WrapAAD(tenant, id, envelope.TokenID{1}, []byte{1})
	for name, other := range map[string][]byte{
		"tenant":      envelope.WrapAAD(envelope.Tenant{MountPath: "transitvault-dev"}, id, envelope.TokenID{1}, []byte{1}),
		"version":     envelope.WrapAAD(tenant, envelope.KeyID{Version: 2, Fingerprint: [4]byte{1}}, envelope.TokenID{1}, []byte{1}),
		"fingerprint": envelope.WrapAAD(tenant, envelope.KeyID{Version: 1}, envelope.TokenID{1}, []byte{1}),
		"token":       envelope.WrapAAD(tenant, id, envelope.TokenID{2}, []byte{1}),
		"key":         envelope.WrapAAD(tenant, id, envelope.TokenID{1}, []byte{1, 0}),
	} {
		if bytes.Equal(base, other) {
			t.Errorf("aad does not depend on the %s", name)
		}
	}
}

func TestMarshalRefusesWhatParseWould(t *testing.T) {
	good := func() envelope.Wrap { return envelope.Wrap{KeyID: []byte{1}, Mechanism: "aes-gcm", Wrapped: []byte{1}} }
	wrap := func(change func(*envelope.Wrap)) []envelope.Wrap {
		w := good()
		change(&w)
		return []envelope.Wrap{w}
	}
	id := envelope.KeyID{Version: 1}
	for _, test := range []struct {
		name string
		blob envelope.Blob
	}{
		{"version zero", envelope.Blob{Wraps: []envelope.Wrap{good()}}},
		{"no wraps", envelope.Blob{KeyID: id}},
		{"too many wraps", envelope.Blob{KeyID: id, Wraps: make([]envelope.Wrap, envelope.MaxWraps+1)}},
		{"wraps repeated", envelope.Blob{KeyID: id, Wraps: []envelope.Wrap{good(), good()}}},
		{"no key id", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.KeyID = nil })}},
		{"long key id", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.KeyID = make([]byte, 65) })}},
		{"no mechanism", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.Mechanism = "" })}},
		{"odd mechanism", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.Mechanism = "AES" })}},
		{"nothing wrapped", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.Wrapped = nil })}},
		{"too much wrapped", envelope.Blob{KeyID: id, Wraps: wrap(func(w *envelope.Wrap) { w.Wrapped = make([]byte, 1025) })}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.blob.Seal(tenant, make([]byte, 32), nil); !errors.Is(err, envelope.ErrInvalid) {
				t.Fatalf("Seal: %v", err)
			}
		})
	}
	unsealed := envelope.Blob{KeyID: id, Wraps: []envelope.Wrap{good()}}
	if _, err := unsealed.Marshal(); !errors.Is(err, envelope.ErrInvalid) {
		t.Errorf("a blob without payload was encoded: %v", err)
	}
}

// TestGolden freezes the form: bytes made by the first release open for ever.
func TestGolden(t *testing.T) {
	const path = "testdata/blob-v1.txt"
	key := bytes.Repeat([]byte{0x42}, envelope.DataKeySize)
	if *update {
		text, err := sealed(t, 2, key, []byte("golden payload")).Text()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(stored))
	blob, err := envelope.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	plaintext, err := blob.Open(tenant, key)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("golden payload", string(plaintext)); diff != "" {
		t.Error(diff)
	}
	want := []envelope.Wrap{
		{Token: envelope.TokenID{1}, KeyID: []byte{1, 2, 3}, Mechanism: "aes-gcm", Wrapped: bytes.Repeat([]byte{1}, 60)},
		{Token: envelope.TokenID{2}, KeyID: []byte{1, 2, 3}, Mechanism: "aes-gcm", Wrapped: make([]byte, 60)},
	}
	if diff := cmp.Diff(want, blob.Wraps); diff != "" {
		t.Error(diff)
	}
	if blob.KeyID.String() != "v7-"+goldenFingerprint {
		t.Errorf("key id is %s", blob.KeyID)
	}
	const goldenAAD = "0000001870616c69736164652068736d7365616c207772617020763100000000000000077472616e736974000000097661756c742d646576000000040000000700000004dbb0880200000008010000000000000000000003010203"
	aad := hex.EncodeToString(envelope.WrapAAD(tenant, blob.KeyID, envelope.TokenID{1}, []byte{1, 2, 3}))
	if aad != goldenAAD {
		t.Errorf("wrap aad is %s", aad)
	}
}

const goldenFingerprint = "dbb08802"
