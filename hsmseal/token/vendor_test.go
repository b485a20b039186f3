package token_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/token"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// vendorTool makes keys as an operator's own tool would, with any attributes.
type vendorTool struct {
	t       *testing.T
	library *pkcs11.Ctx
	session pkcs11.SessionHandle
}

func newVendorTool(t *testing.T, hsm *hsmtest.SoftHSM) vendorTool {
	t.Helper()
	v := vendorTool{t: t, library: pkcs11.New(hsm.Module)}
	v.must(v.library.Initialize())
	slots, err := v.library.GetSlotList(true)
	v.must(err)
	v.session, err = v.library.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	v.must(err)
	v.must(v.library.Login(v.session, pkcs11.CKU_USER, hsm.PIN))
	return v
}

func (v vendorTool) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v vendorTool) close() {
	v.t.Helper()
	v.must(v.library.Finalize())
	v.library.Destroy()
}

// template is a safe one with changes.
func template(id []byte, changes ...*pkcs11.Attribute) []*pkcs11.Attribute {
	values := map[uint]*pkcs11.Attribute{}
	for kind, value := range map[uint]any{
		pkcs11.CKA_CLASS: pkcs11.CKO_SECRET_KEY, pkcs11.CKA_KEY_TYPE: pkcs11.CKK_AES,
		pkcs11.CKA_VALUE_LEN: 32, pkcs11.CKA_ID: id, pkcs11.CKA_TOKEN: true, pkcs11.CKA_PRIVATE: true,
		pkcs11.CKA_SENSITIVE: true, pkcs11.CKA_EXTRACTABLE: false, pkcs11.CKA_MODIFIABLE: false,
		pkcs11.CKA_ENCRYPT: true, pkcs11.CKA_DECRYPT: true, pkcs11.CKA_WRAP: false, pkcs11.CKA_UNWRAP: false,
		pkcs11.CKA_DERIVE: false, pkcs11.CKA_SIGN: false, pkcs11.CKA_VERIFY: false,
	} {
		values[kind] = pkcs11.NewAttribute(kind, value)
	}
	for _, change := range changes {
		values[change.Type] = change
	}
	return slices.Collect(maps.Values(values))
}

func (v vendorTool) generate(id []byte, changes ...*pkcs11.Attribute) {
	v.t.Helper()
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}
	_, err := v.library.GenerateKey(v.session, mechanism, template(id, changes...))
	v.must(err)
}

// imported brings in a key from outside.
func (v vendorTool) imported(id []byte) {
	v.t.Helper()
	value := make([]byte, 32)
	_, err := rand.Read(value)
	v.must(err)
	attributes := slices.DeleteFunc(template(id, pkcs11.NewAttribute(pkcs11.CKA_VALUE, value)), func(a *pkcs11.Attribute) bool {
		return a.Type == pkcs11.CKA_VALUE_LEN
	})
	_, err = v.library.CreateObject(v.session, attributes)
	v.must(err)
}

func ensure(t *testing.T, opened *token.Token, id string) error {
	t.Helper()
	return use(t, opened, func(session cryptoki.Session) error {
		_, err := wrapkey.Ensure(session, gcm(t), wrapkey.Spec{ID: []byte(id)})
		return err
	})
}

func refused(t *testing.T, opened *token.Token, id, reason string) {
	t.Helper()
	var weak *wrapkey.WeakError
	if err := ensure(t, opened, id); !errors.As(err, &weak) || !slices.Contains(weak.Reasons, reason) {
		t.Fatalf("got %v, want %q", err, reason)
	}
}
