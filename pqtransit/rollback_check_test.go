package pqtransit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRollbackCheck(t *testing.T) {
	m := newMount(t)
	for _, name := range []string{"a", "b", "c"} {
		m.MustWrite("keys/"+name, object{"type": hybrid})
	}
	m.MustWrite("keys/d", object{})
	stranded := func(name string) object {
		return object{
			"name": name, "types": object{"1": hybrid},
			"reasons": []any{"version 1 is of type x25519-mlkem768, which the built-in engine does not have"},
		}
	}
	m.MustWrite("keys/d/config", object{"rotation_schedule": "0 3 * * *"})
	ignored := any([]any{"d"})
	for _, test := range []struct {
		ask  object
		want object
	}{
		{nil, object{"keys": []any{stranded("a"), stranded("b"), stranded("c")}, "next": "", "total": 4.0, "settings_ignored": ignored}},
		{object{"limit": "2"}, object{"keys": []any{stranded("a"), stranded("b")}, "next": "b", "total": 4.0, "settings_ignored": ignored}},
		{object{"limit": "2", "after": "b"}, object{"keys": []any{stranded("c")}, "next": "", "total": 4.0}},
		{object{"after": "c"}, object{"keys": []any{}, "next": "", "total": 4.0}},
	} {
		got := m.Do(t.Context(), "read", "rollback-check", test.ask)
		if diff := cmp.Diff(test.want, got.Data); diff != "" {
			t.Errorf("%v: %d %s %s", test.ask, got.Status, got.Message, diff)
		}
	}
	for _, limit := range []any{"0", "10001", -1} {
		wantRefused(t, "limit", m.Do(t.Context(), "read", "rollback-check", object{"limit": limit}), "limit must be between 1 and 10000")
	}
}
