package profile_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/threatauth/profile"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestLearn(t *testing.T) {
	p := profile.Profile{}.Learn("a", noon).Learn("", noon.Add(time.Hour)).Learn("a", noon.Add(-time.Hour))
	want := profile.Profile{
		Logins: 3, First: noon, Last: noon.Add(time.Hour),
		Devices: []profile.Device{{ID: "a", First: noon, Last: noon, Logins: 2}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestApproveAndForget(t *testing.T) {
	p := profile.Profile{}.Learn("b", noon).Approve("a", noon)
	if !p.Knows("a") || !p.Knows("b") || p.Knows("c") || p.Logins != 1 {
		t.Errorf("%+v", p)
	}
	rest, known := p.Forget("b")
	if !known || rest.Knows("b") || !p.Knows("b") {
		t.Error("forgetting did not make a new profile")
	}
	if _, known := rest.Forget("b"); known {
		t.Error("a device was forgotten twice")
	}
}

func TestApprovedDevicesGoLast(t *testing.T) {
	p := profile.Profile{}.Approve("kept", noon)
	for i := range 2 * profile.MaxDevices {
		p = p.Learn(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Hour))
	}
	if !p.Knows("kept") || p.Knows("0") || !p.Knows(fmt.Sprint(2*profile.MaxDevices-1)) || len(p.Devices) != profile.MaxDevices {
		t.Errorf("%d devices, approved known %v", len(p.Devices), p.Knows("kept"))
	}
}

// Whatever happens, a profile stays within its bounds, knows what it was taught last, and
// the one before is as it was.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := profile.Profile{}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			id := fmt.Sprintf("%032d", rapid.IntRange(0, 60).Draw(t, "device"))
			now := noon.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "time")))
			before, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			next := p.Learn(id, now)
			if rapid.Bool().Draw(t, "approve") {
				next = p.Approve(id, now)
			}
			if after, _ := json.Marshal(p); string(after) != string(before) {
				t.Fatal("a profile changed in place")
			}
			if !next.Knows(id) || next.Last.Before(p.Last) {
				t.Fatalf("%s is not known or time went back", id)
			}
			p = next
		}
		size, err := json.Marshal(p)
		if err != nil || len(p.Devices) > profile.MaxDevices || len(size) > 4096 {
			t.Fatalf("%d devices, %d bytes, %v", len(p.Devices), len(size), err)
		}
	})
}
