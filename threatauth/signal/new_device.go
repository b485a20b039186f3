package signal

import (
	"fmt"
	"math"
)

var _ = register(Signal{
	Name:      "new_device",
	Doc:       "the User-Agent is missing or not among the principal's known devices",
	Technique: "T1078",
	Rules:     map[string]string{"new_device": "restrict"},
	Assess:    assessDevice,
})

// newIfAttack is how often an attacker with the right password shows a User-Agent that the
// victim never used: the shipped prior, until a mount's own logins refit it.
const newIfAttack = 0.9

func assessDevice(in Input) Finding {
	if len(in.Profile.Devices) == 0 {
		return Unknown("no device of the principal is known yet")
	}
	legitimate := newIfLegitimate(len(in.Profile.Devices), in.Profile.Logins)
	if in.Profile.Knows(in.Event.Device) {
		return Finding{
			Known:  true,
			Term:   math.Log((1 - newIfAttack) / (1 - legitimate)),
			Reason: fmt.Sprintf("device %s is one of %d known devices", in.Event.Device, len(in.Profile.Devices)),
		}
	}
	return Finding{
		Known:  true,
		Term:   math.Log(newIfAttack / legitimate),
		Rules:  []string{"new_device"},
		Reason: fmt.Sprintf("%s: %d other devices are known from %d logins", novelty(in.Event.Device), len(in.Profile.Devices), in.Profile.Logins),
	}
}

// novelty tells a new device from none. Where others are known the header has been passed on
// before: leaving it out is the client's choice, and may not be a way around the signal.
func novelty(device string) string {
	if device == "" {
		return "no User-Agent came with the login"
	}
	return "device " + device + " is new"
}

// newIfLegitimate estimates how often the real principal shows a new device: the share of
// past logins that did, with a half login added on either side so that it is never 0, and
// at most a half, so that a device never seen speaks for an attacker at any time.
func newIfLegitimate(devices, logins int) float64 {
	logins = max(logins, devices, 1)
	return min((float64(devices)+0.5)/(float64(logins)+1), 0.5)
}
