package keyring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// chunked is fixedKey with its two older versions in chunks of their own, and those.
func chunked(t testing.TB) (*Key, []freshChunk) {
	t.Helper()
	key := fixedKey(t)
	f := filler{name: key.Name, next: 7}
	for _, number := range []int{2, 3} {
		if err := f.add(key.versions[number]); err != nil {
			t.Fatal(err)
		}
		if err := f.seal(1); err != nil {
			t.Fatal(err)
		}
	}
	return key, f.fresh
}

// from opens chunks that are in memory.
func from(chunks []freshChunk) opener {
	return func(c chunk) ([]byte, error) {
		for _, held := range chunks {
			if held.chunk.Entry == c.Entry {
				return held.value, nil
			}
		}
		return nil, fmt.Errorf("chunk %d is missing", c.Entry)
	}
}

func TestChunkedFormsAreFrozen(t *testing.T) {
	key, chunks := chunked(t)
	encoded, err := encodeOwn(key, ownFormat)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "own-key-2.golden.json", encoded)
	golden(t, "own-chunk-2.golden.json", chunks[1].value)
}

func TestDecodeOwnReadsChunks(t *testing.T) {
	key, chunks := chunked(t)
	value, err := os.ReadFile(filepath.Join("testdata", "own-key-2.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decodeOwn(key.Name, value, nil, from(chunks))
	if err != nil {
		t.Fatal(err)
	}
	want, err := encodeOwn(key, wholeFormat)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := encodeOwn(decoded, wholeFormat); err != nil || !bytes.Equal(got, want) {
		t.Errorf("decoded another key, %v", err)
	}
	// Known versions spare the reading.
	again, err := decodeOwn(key.Name, value, decoded.versions, nil)
	if err != nil || again.versions[2] == decoded.versions[2] || again.versions[2].key != decoded.versions[2].key {
		t.Errorf("with known versions: %v", err)
	}
}

func TestDecodeOwnRefusesChunks(t *testing.T) {
	key, chunks := chunked(t)
	encoded, err := encodeOwn(key, ownFormat)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if !bytes.Contains(encoded, []byte(old)) {
			t.Fatalf("the form has no %q", old)
		}
		return bytes.Replace(encoded, []byte(old), []byte(new), 1)
	}
	sealed := func(change func(*ownChunk)) ([]byte, opener) {
		var stored ownChunk
		if err := json.Unmarshal(chunks[0].value, &stored); err != nil {
			t.Fatal(err)
		}
		change(&stored)
		value, err := json.Marshal(stored)
		if err != nil {
			t.Fatal(err)
		}
		return resealed(t, encoded, chunks, value)
	}
	otherName, openOtherName := sealed(func(c *ownChunk) { c.Name = "other" })
	none, openNone := sealed(func(c *ownChunk) { c.Versions = nil })
	format, openFormat := sealed(func(c *ownChunk) { c.Format = 1 })
	spaced, openSpaced := resealed(t, encoded, chunks, append(bytes.Clone(chunks[0].value), ' '))
	noise, openNoise := resealed(t, encoded, chunks, []byte("x"))
	swapped := []freshChunk{{chunks[0].chunk, chunks[1].value}, chunks[1]}
	tests := []struct {
		name  string
		value []byte
		open  opener
		want  string
	}{
		{"nothing to read", encoded, nil, "has chunks"},
		{"missing", encoded, from(chunks[:1]), "chunk 8 is missing"},
		{"another's content", encoded, from(swapped), "chunk 7 is not the one that was stored with the key"},
		{"another sum", replace(`"sha256":"`, `"sha256":"AA`), from(chunks), "does not decode"},
		{"another key's", otherName, openOtherName, "chunk 7 does not decode"},
		{"no versions", none, openNone, "chunk 7 does not have the versions 2 to 2"},
		{"another format", format, openFormat, "chunk 7 does not decode"},
		{"not canonical", spaced, openSpaced, "chunk 7 is not in its canonical form"},
		{"noise", noise, openNoise, "chunk 7 does not decode"},
		{"a gap", replace(`"first":3,"last":3`, `"first":4,"last":4`), from(chunks), "chunk 8 does not have the versions 4 to 4"},
		{"the wrong way round", replace(`"first":3,"last":3`, `"first":3,"last":2`), from(chunks), "chunk 8 does not have the versions 3 to 2"},
		{"one left out", replace(`{"first":2,"last":2,"entry":7,"sha256":"`+sumText(chunks[0])+`"},`, ``), from(chunks), "version 3 is where version 2 should be"},
		{"the first format", replace(`"format":2`, `"format":1`), from(chunks), "has chunks, which format 1 has not"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := decodeOwn("billing-2026.a_b", test.value, nil, test.open)
			if err == nil || key != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v, want %q", key, err, test.want)
			}
		})
	}
}

func sumText(c freshChunk) string {
	encoded, _ := json.Marshal(c.chunk.Sum)
	return strings.Trim(string(encoded), `"`)
}

// sealedAs is a chunk with its right sum.
func sealedAs(c *chunk, value []byte) freshChunk {
	sum := sha256.Sum256(value)
	return freshChunk{&chunk{First: c.First, Last: c.Last, Entry: c.Entry, Sum: sum[:]}, value}
}

// resealed names another content of the first chunk in the key's entry, with its right sum.
func resealed(t *testing.T, encoded []byte, chunks []freshChunk, value []byte) ([]byte, opener) {
	t.Helper()
	other := sealedAs(chunks[0].chunk, value)
	return bytes.Replace(encoded, []byte(sumText(chunks[0])), []byte(sumText(other)), 1), from([]freshChunk{other, chunks[1]})
}

// keyOfMany has versions of one suite, all of one material: making each would take minutes.
func keyOfMany(t testing.TB, s *suite.Suite, count int) *Key {
	t.Helper()
	material, err := s.Generate()
	if err != nil {
		t.Fatal(err)
	}
	key := &Key{Name: "k", Latest: count, Settings: Settings{MinDecryption: 1}, versions: map[int]*Version{}}
	for number := 1; number <= count; number++ {
		key.versions[number] = &Version{
			Number: number, Suite: s, Purpose: s.Purpose, key: made(material),
			Created: time.Date(2026, 1, 1, 0, 0, number, 0, time.UTC),
			hmacKey: suite.NewSecret(bytes.Repeat([]byte{byte(number)}, 32)),
		}
	}
	return key
}

// largest is the size of the largest entry, and how many there are.
func largest(storage *backendtest.Storage) (size, count int) {
	for _, value := range storage.Snapshot() {
		size, count = max(size, len(value)), count+1
	}
	return size, count
}

// A hundred versions of any suite stay far below the 1 MiB that Raft takes.
func TestEntriesStaySmall(t *testing.T) {
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			storage, key := backendtest.NewStorage(), keyOfMany(t, s, 100)
			if err := store(t.Context(), storage, key); err != nil {
				t.Fatal(err)
			}
			if size, _ := largest(storage); size > 256<<10 {
				t.Errorf("an entry of %d bytes", size)
			}
			checkSame(t, storage, key)
		})
	}
}

func store(ctx context.Context, storage logical.Storage, key *Key) error {
	fresh := &loaded{key: key}
	if err := fresh.putOwn(ctx, storage); err != nil {
		return err
	}
	return putStub(ctx, storage, key.Name)
}

func checkSame(t *testing.T, storage logical.Storage, key *Key) {
	t.Helper()
	stored, err := testKeyring().Get(t.Context(), storage, key.Name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := encodeOwn(key, wholeFormat)
	if err != nil {
		t.Fatal(err)
	}
	got, err := encodeOwn(stored, wholeFormat)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// Rotating a key of a thousand versions reads and writes what rotating one of ten does, apart
// from a chunk now and then.
func TestRotationsOfManyVersionsAreCheap(t *testing.T) {
	ctx, s := t.Context(), find(t, "ml-dsa-87")
	costs := map[int]backendtest.Counts{}
	for _, count := range []int{10, 1000} {
		storage, keys := backendtest.NewStorage(), testKeyring()
		if err := store(ctx, storage, keyOfMany(t, s, count)); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Get(ctx, storage, "k"); err != nil {
			t.Fatal(err)
		}
		before := storage.Counts()
		for range 20 {
			if _, err := keys.Rotate(ctx, storage, "k", Rotation{}); err != nil {
				t.Fatal(err)
			}
		}
		after := storage.Counts()
		costs[count] = backendtest.Counts{Get: after.Get - before.Get, Put: after.Put - before.Put, Delete: after.Delete - before.Delete, List: after.List - before.List}
	}
	if few, many := costs[10], costs[1000]; many.Get != few.Get || many.Put > few.Put+2 || many.List != few.List || many.Delete > few.Delete+2 {
		t.Errorf("twenty rotations cost %+v, of a thousand versions %+v", few, many)
	}
}

// A load parses no version, and a use the one that it needs.
func TestVersionsAreParsedOnFirstUse(t *testing.T) {
	ctx, storage := t.Context(), backendtest.NewStorage()
	if err := store(ctx, storage, keyOfMany(t, find(t, "x25519-mlkem768"), 50)); err != nil {
		t.Fatal(err)
	}
	keys := testKeyring()
	if _, _, err := keys.Create(ctx, storage, "c", Spec{Type: "ecdsa-p256"}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := keys.Rotate(ctx, storage, "c", Rotation{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"k", "c"} {
		key, err := testKeyring().Get(ctx, storage, name)
		if err != nil {
			t.Fatal(err)
		}
		if n := parsedVersions(key); n != 0 {
			t.Errorf("%s: a load parsed %d versions", name, n)
		}
		if key.versions[3].Public().IsZero() {
			t.Error("no public key")
		}
		if n := parsedVersions(key); n != 1 {
			t.Errorf("%s: the use of one version parsed %d", name, n)
		}
	}
}

func parsedVersions(key *Key) int {
	count := 0
	for _, version := range key.versions {
		if version.key.key != nil {
			count++
		}
	}
	return count
}

// What does not parse is a fault, not the caller's, and no change of the key loses it.
func TestStoredVersionThatDoesNotParse(t *testing.T) {
	ctx, storage, key := t.Context(), backendtest.NewStorage(), keyOfMany(t, find(t, "x25519-mlkem768"), 2)
	if err := store(ctx, storage, key); err != nil {
		t.Fatal(err)
	}
	entry, err := storage.Get(ctx, ownPrefix+"k")
	if err != nil {
		t.Fatal(err)
	}
	encoded, _ := json.Marshal(key.versions[1].mustForm(t).private.Bytes())
	short, _ := json.Marshal([]byte("too short"))
	entry.Value = bytes.Replace(entry.Value, encoded, short, 1)
	if err := storage.Put(ctx, entry); err != nil {
		t.Fatal(err)
	}
	keys := testKeyring()
	broken, err := keys.Get(ctx, storage, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := broken.Encrypt(Parameters{}, []byte("x")); err != nil {
		t.Errorf("the latest version: %v", err)
	}
	_, _, err = broken.Encrypt(Parameters{Version: 1}, []byte("x"))
	if _, refused := errors.AsType[*Refusal](err); err == nil || refused || !strings.Contains(err.Error(), "version 1 does not parse") {
		t.Errorf("error %v", err)
	}
	if _, err := keys.Rotate(ctx, storage, "k", Rotation{}); err != nil {
		t.Fatal(err)
	}
	if entry, err = storage.Get(ctx, ownPrefix+"k"); err != nil || !bytes.Contains(entry.Value, short) || !bytes.Contains(entry.Value, []byte(`"version":3`)) {
		t.Errorf("a rotation lost what was stored, %v", err)
	}
}

func (v *Version) mustForm(t *testing.T) *ownForm {
	t.Helper()
	form, err := v.key.form()
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// Keys of the first format are read, and move to the second with their next change.
func TestFirstFormatMoves(t *testing.T) {
	ctx, storage := t.Context(), backendtest.NewStorage()
	value, err := os.ReadFile(filepath.Join("testdata", "own-key.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	name := fixedKey(t).Name
	if err := put(ctx, storage, ownPrefix+name, value); err != nil {
		t.Fatal(err)
	}
	if err := putStub(ctx, storage, name); err != nil {
		t.Fatal(err)
	}
	checkSame(t, storage, fixedKey(t))
	if _, err := testKeyring().Configure(ctx, storage, name, Configuration{AllowPlaintextBackup: new(true)}); err != nil {
		t.Fatal(err)
	}
	changed := fixedKey(t)
	changed.AllowPlaintextBackup = true
	checkSame(t, storage, changed)
	entry, err := storage.Get(ctx, ownPrefix+name)
	if err != nil || !bytes.HasPrefix(entry.Value, []byte(`{"format":2,`)) {
		t.Errorf("stored as %.20s, %v", entry.Value, err)
	}
}

func find(t testing.TB, name string) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	return s
}

// FuzzDecodeChunk holds that whatever decodes has exactly the versions that were asked for.
func FuzzDecodeChunk(f *testing.F) {
	_, chunks := chunked(f)
	if len(chunks) != 2 {
		f.Fatal("no seeds")
	}
	for _, c := range chunks {
		f.Add(c.value, c.chunk.First, c.chunk.Last)
	}
	f.Fuzz(func(t *testing.T, value []byte, first, last int) {
		c := sealedAs(&chunk{First: first, Last: last, Entry: 1}, value)
		versions, err := c.chunk.decode("billing-2026.a_b", value, nil)
		if err != nil {
			if versions != nil {
				t.Fatal("versions along with an error")
			}
			return
		}
		if versions[0].Number != first || versions[len(versions)-1].Number != last {
			t.Fatalf("versions %d to %d", versions[0].Number, versions[len(versions)-1].Number)
		}
	})
}
