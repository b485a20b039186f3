package pqtransit_test

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// with adds fields to a request's.
func with(request, more object) object {
	joined := maps.Clone(request)
	maps.Copy(joined, more)
	return joined
}

func sign(t testing.TB, m *backendtest.Mount, path string, request object) string {
	t.Helper()
	signature, ok := m.MustWrite("sign/"+path, request).Data["signature"].(string)
	if !ok || !strings.HasPrefix(signature, "vault:v") {
		t.Fatalf("signature %q", signature)
	}
	return signature
}

func wantValid(t testing.TB, m *backendtest.Mount, path string, request object, want bool) {
	t.Helper()
	if got := m.MustWrite("verify/"+path, request); got.Data["valid"] != want {
		t.Errorf("valid %v, want %v", got.Data["valid"], want)
	}
}

func TestSignAndVerify(t *testing.T) {
	for _, algorithm := range quickSuites() {
		if !algorithm.Purpose.Has(suite.Signing) || algorithm.Slow {
			continue
		}
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.MustWrite("keys/k", asked(algorithm))
			request := object{"input": b64("message")}
			answer := m.MustWrite("sign/k", request)
			if answer.Data["key_version"] != 1.0 || len(answer.Data) != 2 {
				t.Errorf("%v", answer.Data)
			}
			signed := object{"signature": answer.Data["signature"]}
			wantValid(t, m, "k", with(request, signed), true)
			wantValid(t, m, "k", with(object{"input": b64("other")}, signed), false)
			wantValid(t, m, "k", with(object{"input": ""}, object{"signature": sign(t, m, "k", object{})}), true)
		})
	}
}

// Each row is a signature that its own parameters verify and those of other do not.
func TestParametersOfSignatures(t *testing.T) {
	digest, long := sha256.Sum256([]byte("message")), sha512.Sum512([]byte("message"))
	message := object{"input": b64("message")}
	tests := []struct {
		name, algorithm  string
		sign, other      object
		verifiesAnywhere bool
	}{
		{name: "hash", algorithm: "ecdsa-p256", sign: with(message, object{"hash_algorithm": "sha2-512"}), other: message},
		{name: "old name of hash", algorithm: "ecdsa-p256", sign: with(message, object{"hash_algorithm": "", "algorithm": "sha3-256"}), other: with(message, object{"hash_algorithm": "sha2-256"})},
		{name: "old name beside the default hash", algorithm: "ecdsa-p256", sign: with(message, object{"algorithm": "sha3-256"}), other: with(message, object{"hash_algorithm": "sha3-256"})},
		{name: "prehashed", algorithm: "ecdsa-p384", sign: object{"input": base64.StdEncoding.EncodeToString(digest[:]), "prehashed": true}, other: object{"input": base64.StdEncoding.EncodeToString(digest[:])}},
		{name: "prehashed is the same", algorithm: "ecdsa-p384", sign: object{"input": base64.StdEncoding.EncodeToString(digest[:]), "prehashed": true}, other: message, verifiesAnywhere: true},
		{name: "pkcs1v15", algorithm: "rsa-2048", sign: with(message, object{"signature_algorithm": "pkcs1v15"}), other: message},
		{name: "salt", algorithm: "rsa-2048", sign: with(message, object{"salt_length": "hash"}), other: with(message, object{"salt_length": 20})},
		{name: "salt by number", algorithm: "rsa-2048", sign: with(message, object{"salt_length": "20"}), other: with(message, object{"salt_length": "AUTO"}), verifiesAnywhere: true},
		{name: "Ed25519ctx", algorithm: "ed25519", sign: with(message, object{"signature_context": b64("a")}), other: with(message, object{"signature_context": b64("b")})},
		{name: "Ed25519ph", algorithm: "ed25519", sign: object{"input": base64.StdEncoding.EncodeToString(long[:]), "prehashed": true, "hash_algorithm": "sha2-512"}, other: message},
		{name: "context of ML-DSA", algorithm: "ml-dsa-65", sign: with(message, object{"signature_context": b64("a")}), other: message},
		{name: "deterministic", algorithm: "ml-dsa-65", sign: with(message, object{"deterministic": true}), other: message, verifiesAnywhere: true},
		{name: "context of a hybrid", algorithm: "hybrid-ml-dsa-65-ed25519", sign: with(message, object{"signature_context": b64("a")}), other: message},
		{name: "HashSLH-DSA", algorithm: "slh-dsa-sha2-128f", sign: with(message, object{"signature_algorithm": "hash-slh-dsa", "hash_algorithm": "shake-128"}), other: message},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.MustWrite("keys/k", object{"type": test.algorithm})
			signature := object{"signature": sign(t, m, "k", test.sign)}
			verify := with(test.sign, signature)
			delete(verify, "deterministic")
			wantValid(t, m, "k", verify, true)
			wantValid(t, m, "k", with(test.other, signature), test.verifiesAnywhere)
		})
	}
}

func TestHashInThePath(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ecdsa-p256"})
	signature := sign(t, m, "k/sha2-512", object{"input": b64("message"), "hash_algorithm": "sha2-224"})
	wantValid(t, m, "k", object{"input": b64("message"), "signature": signature, "hash_algorithm": "sha2-512"}, true)
	wantValid(t, m, "k/sha2-224", object{"input": b64("message"), "signature": signature}, false)
}

func TestJWS(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ecdsa-p256"})
	request := object{"input": b64("message"), "marshaling_algorithm": "jws"}
	signature := sign(t, m, "k", request)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(signature, "vault:v1:"))
	if err != nil || len(raw) != 64 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	wantValid(t, m, "k", with(request, object{"signature": signature}), true)
}

func TestDeterministicSignatures(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ml-dsa", "parameter_set": "44"})
	request := object{"input": b64("message")}
	hedged := sign(t, m, "k", request)
	request["deterministic"] = true
	first, second := sign(t, m, "k", request), sign(t, m, "k", request)
	if first == hedged || first != second {
		t.Error("deterministic changes nothing")
	}
}

// A mu that the client computes (FIPS 204, algorithm 7, line 6) gives a signature that
// verifies with the message, and the other way round.
func TestExternalMu(t *testing.T) {
	m := newMount(t)
	_, keys := withoutKeys(t, m.MustWrite("keys/k", object{"type": "ml-dsa", "parameter_set": "65"}))
	version, _ := keys["1"].(object)
	text, _ := version["public_key"].(string)
	public, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	hashed := sha3.SumSHAKE256(public, 64)
	input := append(append(hashed, 0, 4), "heremessage"...)
	mu := object{"input": base64.StdEncoding.EncodeToString(sha3.SumSHAKE256(input, 64)), "external_mu": true}
	message := object{"input": b64("message"), "signature_context": b64("here")}
	wantValid(t, m, "k", with(message, object{"signature": sign(t, m, "k", mu)}), true)
	wantValid(t, m, "k", with(mu, object{"signature": sign(t, m, "k", message)}), true)
}

func TestDerivedSignatures(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ed25519", "derived": true})
	request := object{"input": b64("message"), "context": b64("user 7")}
	answer := m.MustWrite("sign/k", request)
	if text, _ := answer.Data["public_key"].(string); len(text) != 44 {
		t.Errorf("public key %q", text)
	}
	signed := object{"signature": answer.Data["signature"]}
	wantValid(t, m, "k", with(request, signed), true)
	wantValid(t, m, "k", with(with(request, signed), object{"context": b64("user 8")}), false)
	items := results(t, m.MustWrite("sign/k", object{"batch_input": []any{request}}), 1)
	if items[0]["publickey"] != answer.Data["public_key"] {
		t.Errorf("in a batch: %v", items[0])
	}
}

func TestBatchesOfSignatures(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ml-dsa", "parameter_set": "44"})
	signed := results(t, m.MustWrite("sign/k", object{"input": "ignored", "batch_input": []any{
		object{"input": b64("a"), "reference": "first"},
		object{"input": "!", "reference": "second"},
		object{"reference": "third"},
		object{"input": b64("d"), "signature_context": b64("here")},
		object{"input": b64("e"), "signature_context": "!"},
	}}), 5)
	for i, want := range []object{
		{"reference": "first", "key_version": 1.0},
		{"reference": "second", "key_version": 0.0, "error": "unable to decode input: illegal base64 data at input byte 0"},
		{"reference": "third", "key_version": 0.0, "error": "missing input"},
		{"reference": "", "key_version": 1.0},
		{"reference": "", "key_version": 0.0, "error": "failed to base64-decode signature_context"},
	} {
		got := maps.Clone(signed[i])
		delete(got, "signature")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("item %d: %s", i, diff)
		}
	}
	verified := results(t, m.MustWrite("verify/k", object{"batch_input": []any{
		object{"input": b64("a"), "signature": signed[0]["signature"], "reference": "first"},
		object{"input": b64("b"), "signature": signed[0]["signature"]},
		object{"input": b64("d"), "signature": signed[3]["signature"], "signature_context": b64("here")},
		object{"input": b64("d"), "signature": "vault:v9:AA==", "reference": 7},
		object{"input": "!", "signature": "vault:v1:AA=="},
	}}), 5)
	for i, want := range []object{
		{"reference": "first", "valid": true},
		{"reference": "", "valid": false},
		{"reference": "", "valid": true},
		{"reference": "7", "valid": false, "error": "invalid signature: version is too new"},
		{"reference": "", "valid": false, "error": "failed to parse item: failed to parse input: illegal base64 data at input byte 0"},
	} {
		if diff := cmp.Diff(want, verified[i]); diff != "" {
			t.Errorf("item %d: %s", i, diff)
		}
	}
}

func TestBadSigningInput(t *testing.T) {
	m := newMount(t)
	for name, kind := range map[string]string{"ec": "ecdsa-p256", "ml": "ml-dsa-44", "ed": "ed25519", "rsa": "rsa-2048", "aes": symmetric, "slh": "slh-dsa-sha2-128f"} {
		m.MustWrite("keys/"+name, object{"type": kind})
	}
	message := object{"input": b64("message")}
	verify := with(message, object{"signature": "vault:v1:AA=="})
	tests := []struct {
		name, path string
		request    object
		want       string
	}{
		{"no such key", "sign/none", message, "signing key not found"},
		{"no such key to verify", "verify/none", verify, "signature verification key not found"},
		{"a key that encrypts", "sign/aes", message, "key type aes256-gcm96 does not support signing"},
		{"verified with a key that encrypts", "verify/aes", verify, "key type aes256-gcm96 does not support signing"},
		{"unknown hash", "sign/ec", with(message, object{"hash_algorithm": "md5"}), `invalid hash algorithm "md5"`},
		{"unknown hash in the path", "verify/ec/md5", verify, `invalid hash algorithm "md5"`},
		{"unknown marshaling", "sign/ec", with(message, object{"marshaling_algorithm": "x"}), `invalid marshaling type "x"`},
		{"salt that is no number", "sign/rsa", with(message, object{"salt_length": "x"}), "salt length neither 'auto', 'hash', nor an int: x"},
		{"negative salt", "sign/rsa", with(message, object{"salt_length": -2}), "salt length is invalid: -2"},
		{"salt too long", "sign/rsa", with(message, object{"salt_length": 999}), "requested salt length 999 is invalid"},
		{"unknown scheme", "sign/rsa", with(message, object{"signature_algorithm": "x"}), `unsupported signature algorithm "x"`},
		{"no hash", "sign/rsa", with(message, object{"hash_algorithm": "none"}), "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15"},
		{"no hash in a batch", "sign/ec", object{"hash_algorithm": "none", "batch_input": []any{message}}, "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15"},
		{"input that is not base64", "sign/ec", object{"input": "!"}, "unable to decode input: illegal base64 data at input byte 0"},
		{"context that is not base64", "sign/ec", with(message, object{"context": "!"}), "failed to base64-decode context"},
		{"context to verify with that is not base64", "verify/ec", with(verify, object{"context": "!"}), "failed to parse item: failed to parse context: illegal base64 data at input byte 0"},
		{"a version to come", "sign/ec", with(message, object{"key_version": 2}), "requested version for signing is higher than the latest key version"},
		{"no signature", "verify/ec", message, "missing one of 'signature', 'hmac' or 'cmac' arguments to verify"},
		{"no signature in a batch", "verify/ec", object{"batch_input": []any{message}}, "no batch_input elements have 'signature', 'hmac' or 'cmac'"},
		{"one without a signature", "verify/ec", object{"batch_input": []any{message, verify}}, "some elements of batch_input are missing 'signature'"},
		{"empty batch", "sign/ec", object{"batch_input": []any{}}, "missing batch input to process"},
		{"signature of another form", "verify/ec", verify, "supplied signature is invalid"},
		{"prehashed ML-DSA", "sign/ml", with(message, object{"prehashed": true}), "prehashed is not supported for ML-DSA: send the message itself, or the 64 bytes of FIPS 204's mu with external_mu"},
		{"hash of ML-DSA", "sign/ml", with(message, object{"hash_algorithm": "sha2-512"}), "hash_algorithm is not supported for this key type"},
		{"long context", "sign/ml", with(message, object{"signature_context": b64(strings.Repeat("x", 256))}), "signature_context has 256 bytes, at most 255 are possible"},
		{"context of ECDSA", "sign/ec", with(message, object{"signature_context": b64("x")}), "signature_context is not supported for this key type"},
		{"mu of ECDSA", "sign/ec", with(message, object{"external_mu": true}), "external_mu is not supported for this key type"},
		{"deterministic Ed25519", "sign/ed", with(message, object{"deterministic": true}), "deterministic is not supported for this key type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := m.Write(test.path, test.request); got.Status != 400 || got.Message != test.want {
				t.Errorf("%d %q, want 400 %q", got.Status, got.Message, test.want)
			}
		})
	}
	for _, request := range []object{with(message, object{"external_mu": true}), with(message, object{"prehashed": true})} {
		for _, path := range []string{"sign/ml", "sign/slh"} {
			if got := m.Write(path, request); got.Status != 400 {
				t.Errorf("%s %v: %d %s", path, request, got.Status, got.Message)
			}
		}
	}
}

// pss and sha2-256 are the parameters' defaults, which Terraform's provider spells out whatever
// the key.
func TestSigningDefaultsByName(t *testing.T) {
	m := newMount(t)
	for name, create := range map[string]object{
		"ml-dsa":  {"type": "ml-dsa", "parameter_set": "44"},
		"slh-dsa": {"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f"},
		"ed25519": {"type": "ed25519"},
		"ecdsa":   {"type": "ecdsa-p384"},
		"rsa":     {"type": "rsa-2048"},
	} {
		m.MustWrite("keys/"+name, create)
		defaults := object{"input": b64("x"), "signature_algorithm": "pss", "hash_algorithm": "sha2-256", "marshaling_algorithm": "asn1", "salt_length": "auto"}
		signatures := []any{m.MustWrite("sign/"+name, defaults).Data["signature"], m.MustWrite("sign/"+name, object{"input": b64("x")}).Data["signature"]}
		for _, signature := range signatures {
			for _, body := range []object{{"input": b64("x")}, defaults} {
				body["signature"] = signature
				if got := m.MustWrite("verify/"+name, body).Data; got["valid"] != true {
					t.Errorf("%s: %v", name, got)
				}
			}
		}
	}
	wantRefused(t, "another hash", m.Write("sign/ml-dsa", object{"input": b64("x"), "hash_algorithm": "sha2-512"}), "hash_algorithm is not supported")
	wantRefused(t, "another", m.Write("sign/ml-dsa", object{"input": b64("x"), "signature_algorithm": "pkcs1v15"}), "signature_algorithm is not supported")
}
