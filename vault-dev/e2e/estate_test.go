package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/byok"
)

// proof is a request whose answer shows that a key is still the one it was.
type proof struct {
	kind string // decrypt, verify, hmac, convergent or export
	key  string
	path string
	body object // nil: a read
	want object // fields of the answer
}

// check sends the proof's request to a mount.
func (p proof) check(t *testing.T, client *api.Client, mount string) error {
	t.Helper()
	var secret *api.Secret
	var err error
	if p.body == nil {
		secret, err = client.Logical().ReadWithContext(t.Context(), mount+"/"+p.path)
	} else {
		secret, err = client.Logical().WriteWithContext(t.Context(), mount+"/"+p.path, p.body)
	}
	if err != nil || secret == nil {
		return fmt.Errorf("%s: %v", p.path, err)
	}
	for field, want := range p.want {
		if got := secret.Data[field]; fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s: %s is %.60v, want %.60v", p.path, field, got, want)
		}
	}
	return nil
}

// checkAll reports every proof that fails.
func checkAll(t *testing.T, when string, client *api.Client, mount string, proofs []proof) {
	t.Helper()
	if len(proofs) == 0 {
		t.Fatalf("%s: nothing is proved", when)
	}
	for _, p := range proofs {
		if err := p.check(t, client, mount); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
}

// all are the names of all keys.
func (e *estate) all() []string {
	names := slices.Clone(e.names)
	for _, p := range e.public {
		names = append(names, p.key)
	}
	return names
}

// classicalTypes are those of the built-in engine of Vault Community.
var classicalTypes = []string{
	"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
	"rsa-2048", "rsa-3072", "rsa-4096", "hmac",
}

// quickTypes leave out those of which a key takes seconds to make.
func quickTypes() []string {
	return slices.DeleteFunc(slices.Clone(classicalTypes), func(kind string) bool { return kind == "rsa-3072" || kind == "rsa-4096" })
}

// estate is the keys of a mount, one of every type and in every state of a key's life.
type estate struct {
	names []string
	// archived are proofs of versions below min_decryption_version, which must be lowered to 1
	// first.
	archived []proof
	// public are proofs of keys of which only the public half was imported.
	public []proof
}

// newEstate makes the keys in a mount of the built-in engine, or one that can do as much.
func newEstate(t *testing.T, client *api.Client, mount string, types []string) *estate {
	t.Helper()
	e := &estate{}
	create := func(name string, versions int, body object) {
		e.names = append(e.names, name)
		write(t, client, mount+"/keys/"+name, body)
		for range versions - 1 {
			write(t, client, mount+"/keys/"+name+"/rotate", nil)
		}
	}
	config := func(name string, body object) { write(t, client, mount+"/keys/"+name+"/config", body) }
	for _, kind := range types {
		body := object{"type": kind}
		if kind == "hmac" {
			body["key_size"] = 32
		}
		create(kind, 1, body)
		body["exportable"] = true
		if !strings.HasPrefix(kind, "rsa-") || kind == "rsa-2048" { // the others take seconds each
			create("out-"+kind, 2, body)
		}
	}
	create("derived", 3, object{"derived": true, "exportable": true})
	create("derived-ed25519", 2, object{"type": "ed25519", "derived": true})
	create("convergent", 2, object{"derived": true, "convergent_encryption": true})
	create("self-rotating", 2, object{"auto_rotate_period": "24h", "exportable": true})
	create("deletable", 1, object{})
	config("deletable", object{"deletion_allowed": true})
	create("backed-up", 2, object{"type": "ecdsa-p256", "exportable": true, "allow_plaintext_backup": true})
	backup := read(t, client, mount+"/backup/backed-up")["backup"]
	write(t, client, mount+"/restore/restored", object{"backup": backup})
	e.names = append(e.names, "restored")
	for _, name := range []string{"archived", "trimmed", "out-archived", "backup-archived"} {
		create(name, 4, object{"exportable": name != "archived", "allow_plaintext_backup": name == "backup-archived"})
		for version := 1; version <= 2 && name != "trimmed"; version++ {
			e.archived = append(e.archived, makeProofs(t, client, mount, name, version)...)
		}
		config(name, object{"min_decryption_version": 3, "min_encryption_version": 4})
	}
	write(t, client, mount+"/keys/trimmed/trim", object{"min_available_version": 3})
	e.addImported(t, client, mount)
	e.addCertified(t, client, mount)
	return e
}

// addImported makes keys from outside, with and without their private halves.
func (e *estate) addImported(t *testing.T, client *api.Client, mount string) {
	t.Helper()
	block, _ := pem.Decode([]byte(fmt.Sprint(read(t, client, mount+"/wrapping_key")["public_key"])))
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	wrapping, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		t.Fatalf("the wrapping key is %T, %v", parsed, err)
	}
	imported := func(name string, form []byte, body object) {
		wrapped, err := byok.Wrap(wrapping, sha256.New, form)
		if err != nil {
			t.Fatal(err)
		}
		body["ciphertext"] = base64.StdEncoding.EncodeToString(wrapped)
		write(t, client, mount+"/keys/"+name+"/import", body)
		e.names = append(e.names, name)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	imported("imported", secret, object{"type": "aes256-gcm96"})
	imported("imported-rotated", secret, object{"type": "aes256-gcm96", "allow_rotation": true, "exportable": true})
	write(t, client, mount+"/keys/imported-rotated/rotate", nil)
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	form, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	imported("imported-ed25519", form, object{"type": "ed25519", "exportable": true})
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ed25519"} {
		name := "public-" + kind
		versions, _ := read(t, client, mount+"/keys/"+kind)["keys"].(object)
		version, _ := versions["1"].(object)
		write(t, client, mount+"/keys/"+name+"/import", object{"type": kind, "public_key": pemOf(t, fmt.Sprint(version["public_key"]))})
		signed := write(t, client, mount+"/sign/"+kind, object{"input": b64("x"), "key_version": 1})
		e.public = append(e.public, proof{
			"verify", name, "verify/" + name,
			object{"input": b64("x"), "signature": signed["signature"]},
			object{"valid": true},
		})
	}
}

// addCertified makes a key with a certificate.
func (e *estate) addCertified(t *testing.T, client *api.Client, mount string) {
	t.Helper()
	write(t, client, mount+"/keys/certified", object{"type": "ecdsa-p256", "exportable": true})
	e.names = append(e.names, "certified")
	versions, _ := read(t, client, mount+"/keys/certified")["keys"].(object)
	version, _ := versions["1"].(object)
	block, _ := pem.Decode([]byte(fmt.Sprint(version["public_key"])))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	_, authority, _ := ed25519.GenerateKey(rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "certified"},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, authority)
	if err != nil {
		t.Fatal(err)
	}
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, client, mount+"/keys/certified/set-certificate", object{"version": 1, "certificate_chain": chain})
}

// pemOf is a public key in PEM: transit shows those of Ed25519 bare.
func pemOf(t *testing.T, text string) string {
	t.Helper()
	if strings.HasPrefix(text, "-----") {
		return text
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// proofs makes what shows each key, with every version that still makes anything.
func (e *estate) proofs(t *testing.T, client *api.Client, mount string) []proof {
	t.Helper()
	all := slices.Clone(e.public)
	for _, name := range e.names {
		key := read(t, client, mount+"/keys/"+name)
		for version := max(1, number(t, key, "min_encryption_version"), number(t, key, "min_decryption_version")); version <= number(t, key, "latest_version"); version++ {
			all = append(all, makeProofs(t, client, mount, name, version)...)
		}
	}
	return all
}

func number(t *testing.T, data object, field string) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(fmt.Sprint(data[field]), &n); err != nil {
		t.Fatalf("%s is %v", field, data[field])
	}
	return n
}

// makeProofs uses one version of a key in all ways that it has.
func makeProofs(t *testing.T, client *api.Client, mount, name string, version int) []proof {
	t.Helper()
	key := read(t, client, mount+"/keys/"+name)
	with := func(more object) object {
		if key["derived"] == true {
			more["context"] = b64("context")
		}
		return more
	}
	made := func(path string, body object, field string) any {
		body["key_version"] = version
		return write(t, client, mount+"/"+path+"/"+name, with(body))[field]
	}
	var proofs []proof
	add := func(kind, path string, body object, want object) {
		proofs = append(proofs, proof{kind, name, path, body, want})
	}
	if key["supports_encryption"] == true {
		sealed := made("encrypt", object{"plaintext": b64("kept")}, "ciphertext")
		add("decrypt", "decrypt/"+name, with(object{"ciphertext": sealed}), object{"plaintext": b64("kept")})
		if key["convergent_encryption"] == true {
			add("convergent", "encrypt/"+name, with(object{"plaintext": b64("kept"), "key_version": version}), object{"ciphertext": sealed})
		}
	}
	if key["supports_signing"] == true {
		signed := made("sign", object{"input": b64("kept")}, "signature")
		add("verify", "verify/"+name, with(object{"input": b64("kept"), "signature": signed}), object{"valid": true})
	}
	mac := write(t, client, mount+"/hmac/"+name, object{"input": b64("kept"), "key_version": version})["hmac"]
	add("hmac", "verify/"+name, object{"input": b64("kept"), "hmac": mac}, object{"valid": true})
	if key["exportable"] == true {
		part := "hmac-key"
		if key["supports_encryption"] == true {
			part = "encryption-key"
		}
		path := fmt.Sprintf("export/%s/%s/%d", part, name, version)
		add("export", path, nil, object{"keys": read(t, client, mount+"/"+path)["keys"]})
	}
	return proofs
}

// checkArchived lowers min_decryption_version, where a key has archived versions, and raises
// it again.
func (e *estate) checkArchived(t *testing.T, when string, client *api.Client, mount string) {
	t.Helper()
	names := map[string]bool{}
	for _, p := range e.archived {
		names[p.key] = true
	}
	for name := range names {
		write(t, client, mount+"/keys/"+name+"/config", object{"min_decryption_version": 1, "min_encryption_version": 1})
	}
	checkAll(t, when+", archived", client, mount, e.archived)
	for name := range names {
		write(t, client, mount+"/keys/"+name+"/config", object{"min_decryption_version": 3, "min_encryption_version": 4})
	}
}
