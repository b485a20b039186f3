package cryptoki_test

import (
	"encoding/binary"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// FuzzParseMechanisms: whatever a token answers, the codes read are exactly its bytes.
func FuzzParseMechanisms(f *testing.F) {
	gcm := binary.NativeEndian.AppendUint64(nil, 0x1087)
	if codes, ok := cryptoki.ParseMechanisms(gcm); !ok || len(codes) != 1 || codes[0] != 0x1087 {
		f.Fatalf("the seed reads as %v, %v", codes, ok)
	}
	for _, seed := range [][]byte{gcm, append(gcm, gcm...), gcm[:7], nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		codes, ok := cryptoki.ParseMechanisms(value)
		if ok != (len(value)%8 == 0) {
			t.Fatalf("%d bytes: ok is %v", len(value), ok)
		}
		if !ok {
			return
		}
		var again []byte
		for _, code := range codes {
			again = binary.NativeEndian.AppendUint64(again, uint64(code))
		}
		if string(again) != string(value) {
			t.Errorf("%x was read as %v", value, codes)
		}
	})
}
