package backend_test

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

// FuzzStoreGet: what reads without an error is what Put would have written of it, in value.
func FuzzStoreGet(f *testing.F) {
	for _, seed := range []string{
		`{"schema":1,"value":{"name":"a","count":2}}`,
		`{"schema":1,"value":null}`,
		`{"schema":1,"value":{"name":"a","count":2}}x`,
		`{"schema":9,"value":{}}`,
		`{"schema":1,"schema":2,"value":{}}`,
		``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		storage, store := backendtest.NewStorage(), backend.NewStore[record]("records/", 1)
		if err := storage.Put(t.Context(), &logical.StorageEntry{Key: "records/a", Value: body}); err != nil {
			t.Fatal(err)
		}
		first, err := store.Get(t.Context(), storage, "a")
		if (first == nil) == (err == nil) {
			t.Fatalf("got %v and error %v", first, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Errorf("read a value from what is not JSON: %q", body)
		}
		put(t, storage, store, "a", first)
		second, err := store.Get(t.Context(), storage, "a")
		if err != nil || *second != *first {
			t.Errorf("got %v, %v after writing back %v", second, err, first)
		}
	})
}
