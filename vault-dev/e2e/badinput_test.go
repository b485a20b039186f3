package e2e_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Each bad request gets its 4xx and a text, over real HTTP, and nothing panics.
func TestBadInput(t *testing.T) {
	t.Parallel()
	client := root(t)
	aes, hybrid := makeKey(t, "aes256-gcm96"), uniqueName(t)
	write(t, client, "pqtransit/keys/"+hybrid, object{"type": "x25519-mlkem768"})
	sealed, _ := write(t, client, "pqtransit/encrypt/"+hybrid, object{"plaintext": b64("x")})["ciphertext"].(string)
	body, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sealed, "vault:v1:"))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(body)
	flipped[len(flipped)/2] ^= 1
	ciphertext := func(raw []byte) object {
		return object{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(raw)}
	}
	for _, test := range []struct {
		name, path string
		body       any
		status     int
	}{
		{"malformed base64", "encrypt/" + aes, object{"plaintext": "%%%"}, 400},
		{"plaintext is a number", "encrypt/" + aes, object{"plaintext": 12}, 400},
		{"plaintext is an object", "encrypt/" + aes, object{"plaintext": object{"a": 1}}, 400},
		{"batch is a string", "encrypt/" + aes, object{"batch_input": "x"}, 400},
		{"batch of numbers", "encrypt/" + aes, object{"batch_input": []int{1}}, 400},
		{"batch item without plaintext", "encrypt/" + aes, object{"batch_input": []object{{}}}, 400},
		{"empty batch", "encrypt/" + aes, object{"batch_input": []object{}}, 400},
		{"key version is a word", "encrypt/" + aes, object{"plaintext": "", "key_version": "two"}, 400},
		{"key version is a fraction", "encrypt/" + aes, object{"plaintext": "", "key_version": 1.5}, 400},
		{"key version is too high", "encrypt/" + aes, object{"plaintext": "", "key_version": 2}, 400},
		{"key version is negative", "encrypt/" + aes, object{"plaintext": "", "key_version": -1}, 400},
		{"no plaintext", "encrypt/" + aes, object{}, 400},
		{"unknown key", "decrypt/never-made", object{"ciphertext": "vault:v1:AAAA"}, 400},
		{"no ciphertext", "decrypt/" + aes, object{}, 400},
		{"no prefix", "decrypt/" + aes, object{"ciphertext": "AAAA"}, 400},
		{"wrong version", "decrypt/" + aes, object{"ciphertext": "vault:v9:AAAA"}, 400},
		{"version zero", "decrypt/" + aes, object{"ciphertext": "vault:v0:AAAA"}, 400},
		{"version is no number", "decrypt/" + aes, object{"ciphertext": "vault:vx:AAAA"}, 400},
		{"ciphertext of another key", "decrypt/" + aes, object{"ciphertext": sealed}, 400},
		{"empty body of a ciphertext", "decrypt/" + hybrid, ciphertext(nil), 400},
		{"truncated in the encapsulation", "decrypt/" + hybrid, ciphertext(body[:500]), 400},
		{"truncated in the tag", "decrypt/" + hybrid, ciphertext(body[:len(body)-1]), 400},
		{"flipped bit", "decrypt/" + hybrid, ciphertext(flipped), 400},
		{"trailing byte", "decrypt/" + hybrid, ciphertext(append(bytes.Clone(body), 0)), 400},
		{"rewrap of rubbish", "rewrap/" + hybrid, object{"ciphertext": "vault:v1:AAAA"}, 400},
		{"unknown type", "keys/" + uniqueName(t), object{"type": "rot13"}, 400},
		{"type is a list", "keys/" + uniqueName(t), object{"type": []string{"a", "b"}}, 400},
		{"rotation of nothing", "keys/never-made/rotate", object{}, 400},
		{"config of nothing", "keys/never-made/config", object{"min_decryption_version": 1}, 400},
		{"minimum above the latest", "keys/" + aes + "/config", object{"min_decryption_version": 7}, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := send(t, client, http.MethodPost, "pqtransit/"+test.path, encode(t, test.body))
			if got.status != test.status || got.errors(t) == "" && !strings.Contains(got.body, `"error"`) {
				t.Errorf("status %d, want %d: %.300s", got.status, test.status, got.body)
			}
		})
	}
}

func TestBodyThatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"{", "[]", "null garbage", `"text"`} {
		got := send(t, root(t), http.MethodPost, "pqtransit/encrypt/any", []byte(body))
		ours := got.status >= 400 && got.status <= 499
		// Vault's core answers an unclosed container by itself, with a 500.
		vaults := got.status == 500 && strings.Contains(got.body, "malformed JSON")
		if !ours && !vaults {
			t.Errorf("%q gets %d: %.200s", body, got.status, got.body)
		}
	}
}

// Names with every printable character: each is either a name that works or a 4xx.
func TestOddNames(t *testing.T) {
	t.Parallel()
	client := root(t)
	for char := rune(0x20); char < 0x180; char++ {
		if char >= 0x7f && char < 0xa0 {
			continue
		}
		name := "odd" + string(char) + "name"
		escaped := url.PathEscape(name)
		got := send(t, client, http.MethodPost, "pqtransit/keys/"+escaped, []byte("{}"))
		switch {
		case got.status == http.StatusOK:
			again := send(t, client, http.MethodGet, "pqtransit/keys/"+escaped, nil)
			if again.status != http.StatusOK {
				t.Errorf("%q was made, but reading it gets %d", name, again.status)
			}
		case got.status < 400 || got.status > 499:
			t.Errorf("%q gets %d: %.200s", name, got.status, got.body)
		}
	}
}

// The limits are Vault's own: 10 000 items, 1 MiB strings, 32 MiB bodies.
func TestLimits(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "aes256-gcm96")
	batch := func(n int) []byte {
		items := make([]object, n)
		for i := range items {
			items[i] = object{"plaintext": "eA=="}
		}
		return encode(t, object{"batch_input": items})
	}
	for _, test := range []struct {
		name   string
		body   []byte
		status int
		text   string
	}{
		{"largest batch", batch(10_000), 200, `"batch_results"`},
		{"one item more", batch(10_001), 500, "array exceeds allowed element count"},
		{"largest string", encode(t, object{"plaintext": strings.Repeat("AAAA", 1<<18)}), 200, `"ciphertext"`},
		{"four characters more", encode(t, object{"plaintext": strings.Repeat("AAAA", 1<<18+1)}), 500, "string value exceeds allowed length"},
		{"body too large", encode(t, object{"plaintext": "", "pad": slices.Repeat([]string{strings.Repeat("A", 1<<20)}, 33)}), 413, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, client, http.MethodPost, "pqtransit/encrypt/"+name, test.body)
			if got.status != test.status || !strings.Contains(got.body, test.text) {
				t.Errorf("status %d, want %d: %.300s", got.status, test.status, got.body)
			}
		})
	}
}

// A full MiB of plaintext, as base64 more than one string may hold, is refused by Vault
// itself; what fits comes back whole, also from a hybrid key.
func TestLargestPlaintextComesBack(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "x25519-mlkem768")
	plaintext := strings.Repeat("AAAA", (1<<20-2000)/4)
	sealed := send(t, client, http.MethodPost, "pqtransit/encrypt/"+name, encode(t, object{"plaintext": plaintext}))
	if sealed.status != http.StatusOK {
		t.Fatalf("status %d: %.300s", sealed.status, sealed.body)
	}
	ciphertext := sealed.body[strings.Index(sealed.body, "vault:v1:"):]
	ciphertext, _, _ = strings.Cut(ciphertext, `"`)
	opened := send(t, client, http.MethodPost, "pqtransit/decrypt/"+name, encode(t, object{"ciphertext": ciphertext}))
	if opened.status != http.StatusOK || !strings.Contains(opened.body, plaintext) {
		t.Errorf("status %d for a ciphertext of %d characters: %.300s", opened.status, len(ciphertext), opened.body)
	}
}
