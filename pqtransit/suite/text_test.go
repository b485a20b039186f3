package suite_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestFormatsAreInTheDocument holds the table of docs/formats.md against the
// registry, both ways.
func TestFormatsAreInTheDocument(t *testing.T) {
	document, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"pem", "raw", "jwk", "age", "private pem", "private raw"}
	rows := map[string][]string{}
	_, table, found := strings.Cut(string(document), "| type | public `pem`, `der` |")
	if !found {
		t.Fatal("the table is gone")
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if strings.HasPrefix(line, "|---") {
			continue
		}
		if len(cells) != len(columns)+1 {
			if len(rows) > 0 {
				break
			}
			continue
		}
		var there []string
		for i, column := range columns {
			if !strings.HasPrefix(strings.TrimSpace(cells[i+1]), "none") {
				there = append(there, column)
			}
		}
		for pattern := range strings.SplitSeq(cells[0], ",") {
			rows[strings.Trim(strings.TrimSpace(pattern), "`")] = there
		}
	}
	used := map[string]bool{}
	for _, s := range suite.All() {
		want := slices.DeleteFunc(s.PublicFormats(), func(name string) bool { return name == "der" })
		for _, name := range s.PrivateFormats() {
			if name != "der" {
				want = append(want, "private "+name)
			}
		}
		matches := 0
		for pattern, got := range rows {
			if ok, err := path.Match(pattern, s.Name); err != nil || !ok {
				continue
			}
			matches++
			used[pattern] = true
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-registry +document):\n%s", s.Name, diff)
			}
		}
		if matches != 1 {
			t.Errorf("%s is in %d rows", s.Name, matches)
		}
	}
	for pattern := range rows {
		if !used[pattern] {
			t.Errorf("the document has a row for %s, which nothing is", pattern)
		}
	}
}

// readable are the formats that ParsePublicText reads.
func readable(s *suite.Suite) []string {
	return slices.DeleteFunc(s.PublicFormats(), func(name string) bool { return name == "age" })
}

func TestPublicTextRoundTrips(t *testing.T) {
	forEach(t, asymmetric, func(t *testing.T, s *suite.Suite) {
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			for _, format := range readable(s) {
				text, err := s.PublicText(format, key)
				if err != nil {
					t.Fatal(err)
				}
				again, err := s.ParsePublicText(text)
				if err != nil || again.Public().String() != key.Public().String() || !again.Private().IsZero() {
					t.Errorf("%s key as %s: another key (%v)", name, format, err)
				}
				refuseChanged(t, s, format, text)
			}
		}
		for _, format := range []string{"", "PEM", "pkcs8", "none"} {
			if text, err := s.PublicText(format, goldenKey(t, s)); err == nil || text != "" || !strings.Contains(err.Error(), s.PublicFormats()[0]) {
				t.Errorf("format %q: %v", format, err)
			}
		}
	})
}

// refuseChanged truncates and extends a text.
func refuseChanged(t *testing.T, s *suite.Suite, format, text string) {
	t.Helper()
	for length := 0; length < len(strings.TrimSpace(text)); length += 1 + length/8 {
		if key, err := s.ParsePublicText(text[:length]); err == nil || key != nil {
			t.Fatalf("%s: parsed %d of %d bytes", format, length, len(text))
		}
	}
	for _, more := range []string{"x", text, "{}", "AAAA"} {
		if key, err := s.ParsePublicText(text + more); err == nil || key != nil {
			t.Errorf("%s: parsed with %.10q behind it", format, more)
		}
	}
}

func TestPrivateTextRoundTrips(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		for _, format := range s.PrivateFormats() {
			text, err := s.PrivateText(format, key)
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.ParsePrivate(privateBytes(t, format, text))
			if err != nil || !again.Private().Equal(key.Private()) {
				t.Errorf("%s: another key (%v)", format, err)
			}
		}
		if secret, err := s.PrivateText("age", key); err == nil || !secret.IsZero() || !strings.Contains(err.Error(), s.PrivateFormats()[0]) {
			t.Errorf("format age: %v", err)
		}
		if !s.Asymmetric {
			return
		}
		half, err := s.ParsePublic(key.Public().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range s.PrivateFormats() {
			if secret, err := s.PrivateText(format, half); err == nil || !secret.IsZero() {
				t.Errorf("a public key has a private %s", format)
			}
		}
	})
}

// privateBytes is what travels of a private text.
func privateBytes(t *testing.T, format string, text suite.Secret) []byte {
	t.Helper()
	if format == "pem" {
		block, rest := pem.Decode(text.Bytes())
		if block == nil || len(rest) != 0 {
			t.Fatal("not one PEM block")
		}
		return block.Bytes
	}
	raw, err := base64.StdEncoding.DecodeString(string(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A raw key never passes for PKCS#8, nor the other way round.
func TestRawAndPKCS8AreToldApart(t *testing.T) {
	both := func(s *suite.Suite) bool { return s.Encodings.PKCS8 != nil && s.Encodings.ParseRaw != nil }
	forEach(t, both, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		der, err := s.Encodings.PKCS8(key)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(der.Bytes(), key.Private().Bytes()) {
			t.Fatal("the two forms are the same")
		}
		if got, err := s.Encodings.ParseRaw(der.Bytes()); err == nil || got != nil {
			t.Error("PKCS#8 is a raw key")
		}
		if got, err := s.Encodings.ParsePKCS8(key.Private().Bytes()); err == nil || got != nil {
			t.Error("a raw key is PKCS#8")
		}
	})
}

func TestJWKRefuses(t *testing.T) {
	withJWK := func(s *suite.Suite) bool { return s.Encodings.JWK != nil }
	forEach(t, withJWK, func(t *testing.T, s *suite.Suite) {
		text, err := s.Encodings.JWK(goldenKey(t, s))
		if err != nil {
			t.Fatal(err)
		}
		edit := func(edit func(map[string]any)) string {
			var members map[string]any
			if err := json.Unmarshal(text, &members); err != nil {
				t.Fatal(err)
			}
			edit(members)
			changed, err := json.Marshal(members)
			if err != nil {
				t.Fatal(err)
			}
			return string(changed)
		}
		if _, err := s.ParsePublicText(edit(func(m map[string]any) { m["kid"], m["use"] = "a", "sig" })); err != nil {
			t.Errorf("other members: %v", err)
		}
		for _, tail := range []string{"}", "]", "}{", "{}", "null", "x"} {
			if key, err := s.ParsePublicText(string(text) + tail); err == nil || key != nil {
				t.Errorf("%q behind it is taken", tail)
			}
		}
		for _, name := range []string{"priv", "d", "k"} {
			if _, err := s.ParsePublicText(edit(func(m map[string]any) { m[name] = "AAAA" })); err == nil || !strings.Contains(err.Error(), "private") {
				t.Errorf("with %s: %v", name, err)
			}
		}
		var members map[string]any
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		for name, value := range members {
			for what, changed := range map[string]any{"absent": nil, "another": "AAAA", "a number": 7, "padded": value.(string) + "=", "longer": "AA" + value.(string)} {
				if key, err := s.ParsePublicText(edit(func(m map[string]any) { m[name] = changed })); err == nil || key != nil {
					t.Errorf("%s %s is taken", name, what)
				}
			}
		}
	})
}

// FuzzTexts holds that what parses as a public text is written again to
// something that parses to the same key, and that what parses as a private key
// has one.
func FuzzTexts(f *testing.F) {
	all, seeds := suite.All(), 0
	for i, s := range all {
		key := goldenKey(f, s)
		for _, format := range s.PublicFormats() {
			text, err := s.PublicText(format, key)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), []byte(text))
			seeds++
		}
		f.Add(uint8(i), key.Private().Bytes())
	}
	if seeds < 100 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, number uint8, text []byte) {
		s := all[int(number)%len(all)]
		if key, err := s.ParsePublicText(string(text)); err == nil {
			for _, format := range readable(s) {
				written, err := s.PublicText(format, key)
				if err != nil {
					t.Fatal(err)
				}
				again, err := s.ParsePublicText(written)
				if err != nil || again.Public().String() != key.Public().String() {
					t.Errorf("%s: %s gives another key (%v)", s.Name, format, err)
				}
			}
		}
		if !s.Slow {
			if key, err := s.ParsePrivate(text); err == nil && key.Private().IsZero() {
				t.Errorf("%s: a private key parses to none", s.Name)
			}
		}
	})
}
