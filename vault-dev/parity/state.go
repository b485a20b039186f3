package parity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// KeyState is what is known of a key in both engines: whether their versions hold the same
// material, so that what is computed from it must be the same too. A nil one knows nothing.
type KeyState struct {
	kind       string // type of the key
	convergent bool
	latest     int
	differ     map[int]bool // versions of different key material
	differMAC  map[int]bool // versions of different HMAC keys
	differTime map[int]bool // versions made at different times
}

// States follows the keys of a scenario.
type States map[string]*KeyState

// Observe takes note of a step that both engines answered alike. request is the step as resolved.
func (s States) Observe(step Step, request Request, answers [2]Answer) {
	builtin := answers[Builtin]
	name := Step{Method: step.Method, Path: request.Path}.Key()
	state := s[name]
	// An encryption makes the key before it looks at the plaintext.
	failed := builtin.Failed() || answers[PQTransit].Failed()
	if failed && step.Operation() != "encrypt" {
		return
	}
	switch operation := step.Operation(); operation {
	case "create", "encrypt":
		if state == nil {
			state = newState(text(request.Body["type"]))
			state.made(1, true, true)
			s[name] = state
		}
	case "rotate":
		if state != nil {
			state.made(state.latest+1, true, true)
		}
	case "import":
		s[name] = newState(text(request.Body["type"]))
		s[name].imported(request)
	case "import_version":
		if state != nil {
			state.imported(request)
		}
	case "restore":
		s.restored(name, text(request.Body["backup"]))
	case "delete":
		delete(s, name)
		return
	}
	if state := s[name]; state != nil && step.Operation() != "restore" {
		state.describe(builtin.Data())
	}
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func newState(kind string) *KeyState {
	if kind == "" {
		kind = "aes256-gcm96"
	}
	return &KeyState{kind: kind, differ: map[int]bool{}, differMAC: map[int]bool{}, differTime: map[int]bool{}}
}

func (k *KeyState) made(version int, differ, differMAC bool) {
	k.latest = max(k.latest, version)
	k.differTime[version] = true
	if differ {
		k.differ[version] = true
	}
	if differMAC {
		k.differMAC[version] = true
	}
}

// imported versions have the same key, and each a fresh HMAC key unless that is the key.
func (k *KeyState) imported(request Request) {
	if request.Body["version"] == nil {
		k.made(k.latest+1, false, k.kind != "hmac")
	}
}

// restored keys are the same in both engines if they come from one backup.
func (s States) restored(name, backup string) {
	content, err := parseBackup(backup)
	policy, isMap := content["policy"].(map[string]any)
	if err != nil || !isMap {
		return
	}
	if name == "" {
		name = text(policy["name"])
	}
	state := newState("unknown")
	if number, err := strconv.Atoi(text(policy["type"])); err == nil && number < len(storedTypes) {
		state.kind = storedTypes[number]
	}
	state.latest, _ = strconv.Atoi(text(policy["latest_version"]))
	state.convergent = policy["convergent_encryption"] == true
	s[name] = state
}

// storedTypes are the type numbers of a policy.
var storedTypes = []string{
	"aes256-gcm96", "ecdsa-p256", "ed25519", "rsa-2048", "rsa-4096", "chacha20-poly1305",
	"ecdsa-p384", "ecdsa-p521", "aes128-gcm96", "rsa-3072", "managed_key", "hmac",
}

// describe reads an answer that shows the key.
func (k *KeyState) describe(data map[string]any) {
	latest, err := strconv.Atoi(text(data["latest_version"]))
	if err != nil {
		return
	}
	k.latest, k.kind = latest, text(data["type"])
	k.convergent = data["convergent_encryption"] == true
}

// differs reports whether the engines cannot use each other's product of a version, which is named
// by the last word of path.
func (k *KeyState) differs(path, version string) bool {
	number, err := strconv.Atoi(version)
	if k == nil || err != nil {
		return false
	}
	if strings.HasSuffix(path, ".hmac") {
		return k.differMAC[number]
	}
	return k.differ[number]
}

var versions = regexp.MustCompile(`(?:^vault:v|\.keys\.)(\d+)`)

// determined reports whether the value at path, left being one engine's, has to be the same in
// both.
func (k *KeyState) determined(step Step, path, left string) bool {
	parts := strings.Split(path, ".")
	name := parts[len(parts)-1]
	switch {
	case name == "time", name == "random_bytes", path == "data.public_key" && step.Operation() == "wrapping_key":
		return false
	case k == nil:
		return !isSecretField[name]
	}
	version := k.latest
	if found := versions.FindStringSubmatch(left); found != nil {
		version, _ = strconv.Atoi(found[1])
	} else if found := versions.FindStringSubmatch(path); found != nil {
		version, _ = strconv.Atoi(found[1])
	}
	return k.determinedVersion(step, name, version)
}

// isSecretField has the fields whose content comes from random numbers, at least in a key of its
// own in each engine.
var isSecretField = map[string]bool{
	"ciphertext": true, "signature": true, "hmac": true, "plaintext": true, "public_key": true, "publickey": true,
}

func (k *KeyState) determinedVersion(step Step, name string, version int) bool {
	same, sameMAC := !k.differ[version], !k.differMAC[version]
	switch operation := step.Operation(); {
	case operation == "byok-export", operation == "datakey", name == "csr":
		return false
	case operation == "backup":
		return len(k.differTime) == 0
	case name == "ciphertext":
		return same && k.convergent
	case name == "hmac":
		return sameMAC
	case name == "signature":
		return same && (k.kind == "ed25519" || strings.HasPrefix(k.kind, "rsa-") && step.Body["signature_algorithm"] == "pkcs1v15")
	case operation == "export":
		return same && (sameMAC || !strings.HasPrefix(step.Path, "export/hmac-key"))
	case name == "public_key", name == "publickey", name == "certificate_chain", name == "certificate-chain":
		return same
	case name == "creation_time", name == strconv.Itoa(version):
		return !k.differTime[version]
	}
	return true
}
