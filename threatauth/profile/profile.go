// Package profile is what is remembered of a principal between logins. A profile is
// bounded: it holds at most [MaxDevices] devices and counters that stop at [MaxCount]. The
// package is pure; whoever owns the storage loads and saves.
package profile

import (
	"cmp"
	"slices"
	"time"
)

const (
	// MaxDevices keeps a stored profile under 4 KiB: it bounds how many devices are remembered. The one not seen for longest goes
	// first, those that an operator approved last.
	MaxDevices = 20
	// MaxCount is where counters stop.
	MaxCount = 1 << 30
)

// Profile is what is remembered of one principal. The zero value is a principal never seen.
// The methods never change a Profile in place: each answers a new one.
type Profile struct {
	// Logins counts the logins that the profile learnt from, at most MaxCount.
	Logins int `json:"logins"`
	// First and Last are when the earliest and the latest of them happened.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Devices are the known devices, ordered by id.
	Devices []Device `json:"devices"`
}

// Device is one known client of a principal.
type Device struct {
	// ID is the keyed digest of the User-Agent, in hexadecimal.
	ID string `json:"id"`
	// First and Last are when the device was learnt or approved, and last seen.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Logins counts the logins from it, at most MaxCount; 0 for one approved ahead.
	Logins int `json:"logins"`
	// Approved marks a device that an operator named.
	Approved bool `json:"approved"`
}

// Knows reports whether the device is known.
func (p Profile) Knows(id string) bool {
	return slices.ContainsFunc(p.Devices, func(d Device) bool { return d.ID == id })
}

// Learn is the profile after a login at now that was found good; id is "" where no device
// is to be seen. A clock that went back moves no time backwards.
func (p Profile) Learn(id string, now time.Time) Profile {
	now = now.UTC()
	if p.Logins == 0 {
		p.First = now
	}
	p.Logins = min(p.Logins+1, MaxCount)
	p.Last = later(p.Last, now)
	if id == "" {
		return p
	}
	return p.with(id, now, func(d *Device) { d.Logins = min(d.Logins+1, MaxCount) })
}

// Approve is the profile in which an operator made the device known.
func (p Profile) Approve(id string, now time.Time) Profile {
	return p.with(id, now.UTC(), func(d *Device) { d.Approved = true })
}

// Forget is the profile without the device, and whether it was there.
func (p Profile) Forget(id string) (Profile, bool) {
	known := p.Knows(id)
	p.Devices = slices.DeleteFunc(slices.Clone(p.Devices), func(d Device) bool { return d.ID == id })
	return p, known
}

// with is the profile in which the device exists, was seen at now and has been changed.
func (p Profile) with(id string, now time.Time, change func(*Device)) Profile {
	devices := slices.Clone(p.Devices)
	i := slices.IndexFunc(devices, func(d Device) bool { return d.ID == id })
	if i < 0 {
		devices = append(evict(devices), Device{ID: id, First: now})
		i = len(devices) - 1
	}
	devices[i].Last = later(devices[i].Last, now)
	change(&devices[i])
	slices.SortFunc(devices, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
	p.Devices = devices
	return p
}

// evict makes room for one more device.
func evict(devices []Device) []Device {
	for len(devices) >= MaxDevices {
		oldest := 0
		for i, d := range devices {
			if less(d, devices[oldest]) {
				oldest = i
			}
		}
		devices = slices.Delete(devices, oldest, oldest+1)
	}
	return devices
}

// less orders by what is worth least.
func less(a, b Device) bool {
	if a.Approved != b.Approved {
		return !a.Approved
	}
	return a.Last.Before(b.Last)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
