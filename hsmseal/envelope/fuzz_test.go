package envelope_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
)

// seeds are real blobs: the golden one, and what there is besides it.
func seeds(tb testing.TB) []string {
	tb.Helper()
	golden, err := os.ReadFile("testdata/blob-v1.txt")
	if err != nil {
		tb.Fatal(err)
	}
	texts := []string{strings.TrimSpace(string(golden)), "vault:v1-00000000:", "vault:v1:AAAA"}
	if !strings.HasPrefix(texts[0], "vault:v7-") {
		tb.Fatal("the corpus holds no real blob")
	}
	return texts
}

// FuzzParseText: what is accepted encodes to the same text again.
func FuzzParseText(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		blob, err := envelope.ParseText(text)
		if err != nil {
			if blob != nil {
				t.Fatal("a blob beside an error")
			}
			return
		}
		again, err := blob.Text()
		if err != nil || again != text {
			t.Fatalf("%q encodes to %q, %v", text, again, err)
		}
	})
}

// FuzzParse is the same for the bytes, which the fuzzer reaches deeper.
func FuzzParse(f *testing.F) {
	blob, err := envelope.ParseText(seeds(f)[0])
	if err != nil {
		f.Fatal(err)
	}
	data, err := blob.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		blob, err := envelope.Parse(data)
		if err != nil {
			return
		}
		again, err := blob.Marshal()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x encodes to %x, %v", data, again, err)
		}
		if _, err := blob.Open(envelope.Tenant{}, make([]byte, envelope.DataKeySize)); err == nil {
			t.Fatal("a forged blob opened")
		}
	})
}
