package backend_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

type record struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func TestStoreRoundTripAndGolden(t *testing.T) {
	storage, store := backendtest.NewStorage(), backend.NewStore[record]("records/", 1)
	put(t, storage, store, "a", &record{Name: "a", Count: 2})

	golden, err := os.ReadFile(filepath.Join("testdata", "store-entry.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(golden)), string(storage.Snapshot()["records/a"])); diff != "" {
		t.Errorf("the stored form changed; a change is a new schema version:\n%s", diff)
	}
	got, err := store.Get(t.Context(), storage, "a")
	if err != nil || *got != (record{"a", 2}) {
		t.Errorf("got %v, %v", got, err)
	}
	names, err := store.List(t.Context(), storage)
	if err != nil || !cmp.Equal(names, []string{"a"}) {
		t.Errorf("got %v, %v", names, err)
	}
	if err := store.Delete(t.Context(), storage, "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get(t.Context(), storage, "a"); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestStoreRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, test := range []struct{ name, body, err string }{
		{"other schema", `{"schema":2,"value":{"name":"a","count":1}}`, "schema version 2"},
		{"no schema", `{"value":{"name":"a","count":1}}`, "schema version 0"},
		{"unknown field", `{"schema":1,"value":{"name":"a","size":1}}`, "does not decode"},
		{"no value", `{"schema":1}`, "has no value"},
		{"trailing data", `{"schema":1,"value":{"name":"a","count":1}} {}`, "not a JSON entry"},
		{"truncated", `{"schema":1,"value":{"na`, "not a JSON entry"},
		{"empty", ``, "not a JSON entry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			storage, store := backendtest.NewStorage(), backend.NewStore[record]("records/", 1)
			if err := storage.Put(t.Context(), &logical.StorageEntry{Key: "records/a", Value: []byte(test.body)}); err != nil {
				t.Fatal(err)
			}
			got, err := store.Get(t.Context(), storage, "a")
			if got != nil || !strings.Contains(errorText(err), test.err) {
				t.Errorf("got %v, %v, want an error with %q", got, err, test.err)
			}
		})
	}
}

func TestStoreReportsEachStorageFault(t *testing.T) {
	for _, operation := range []string{"get", "put", "delete", "list"} {
		t.Run(operation, func(t *testing.T) {
			storage, store := backendtest.NewStorage(), backend.NewStore[record]("records/", 1)
			storage.FailWhen(func(op, _ string) bool { return op == operation })
			calls := map[string]func() error{
				"get":    func() error { _, err := store.Get(t.Context(), storage, "a"); return err },
				"put":    func() error { return store.Put(t.Context(), storage, "a", &record{}) },
				"delete": func() error { return store.Delete(t.Context(), storage, "a") },
				"list":   func() error { _, err := store.List(t.Context(), storage); return err },
			}
			if err := calls[operation](); !errors.Is(err, backendtest.ErrInjected) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUpdateIsAtomicPerName(t *testing.T) {
	storage, store := backendtest.NewStorage(), backend.NewStore[record]("records/", 1)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			err := store.Update(context.Background(), storage, "a", func(old *record) (*record, error) {
				if old == nil {
					return &record{Name: "a", Count: 1}, nil
				}
				old.Count++
				return old, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got, err := store.Get(t.Context(), storage, "a")
	if err != nil || got.Count != 50 {
		t.Errorf("got %v, %v", got, err)
	}
	refusal := errors.New("no")
	if err := store.Update(t.Context(), storage, "a", func(*record) (*record, error) { return nil, refusal }); !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
	if err := store.Update(t.Context(), storage, "a", func(*record) (*record, error) { return nil, nil }); err != nil {
		t.Error(err)
	}
	if entries := storage.Snapshot(); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

func put(t *testing.T, storage logical.Storage, store *backend.Store[record], name string, value *record) {
	t.Helper()
	if err := store.Put(t.Context(), storage, name, value); err != nil {
		t.Fatal(err)
	}
}
