package wrapkey

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
)

// verify reads back every attribute that makes the key safe, then tries what
// the attributes forbid: tokens have been seen to lie. The outcomes are added
// to report. A key whose attributes already fail is not tried.
func verify(session cryptoki.Session, handle cryptoki.Handle, key mechanism.Key, report map[string]string) error {
	checker := checker{session: session, handle: handle, prefix: key.Suffix, report: report}
	checker.ulong(cryptoki.AttrClass, cryptoki.ClassSecretKey)
	checker.ulong(cryptoki.AttrKeyType, key.Type)
	checker.ulong(cryptoki.AttrValueLen, uint(key.Length))
	checker.ulong(cryptoki.AttrKeyGenMechanism, uint(key.Generator))
	for _, kind := range []cryptoki.AttributeType{
		cryptoki.AttrToken, cryptoki.AttrPrivate, cryptoki.AttrSensitive,
		cryptoki.AttrAlwaysSensitive, cryptoki.AttrNeverExtractable, cryptoki.AttrLocal,
	} {
		checker.bool(kind, true)
	}
	checker.bool(cryptoki.AttrExtractable, false)
	checker.bool(cryptoki.AttrModifiable, false)
	for _, usage := range usages {
		checker.bool(usage, slices.Contains(key.Usages, usage))
	}
	if err := checker.outcome(); err != nil {
		return err
	}
	checker.noteCopyable()
	checker.noteMechanisms()
	checker.tryRead()
	checker.tryExtractable()
	return checker.outcome()
}

// checker collects what is wrong with one key object. A failing device is kept
// apart from a failing key.
type checker struct {
	session cryptoki.Session
	handle  cryptoki.Handle
	prefix  string
	report  map[string]string
	reasons []string
	err     error
}

func (c *checker) outcome() error {
	if c.err != nil {
		return c.err
	}
	if len(c.reasons) > 0 {
		return &WeakError{Reasons: c.reasons}
	}
	return nil
}

// read returns the attribute's bytes; nil when the token has none.
func (c *checker) read(kind cryptoki.AttributeType) []byte {
	if c.err != nil {
		return nil
	}
	value, err := c.session.Attribute(c.handle, kind)
	if err != nil && !cryptoki.IsCode(err, cryptoki.CodeAttributeTypeInvalid, cryptoki.CodeAttributeSensitive) {
		c.err = fmt.Errorf("reading %v: %w", kind, err)
	}
	if err != nil {
		return nil
	}
	return value
}

func (c *checker) bool(kind cryptoki.AttributeType, want bool) {
	got, ok := cryptoki.ParseBool(c.read(kind))
	c.judge(kind, strconv.FormatBool(got), strconv.FormatBool(want), ok)
}

func (c *checker) ulong(kind cryptoki.AttributeType, want uint) {
	got, ok := cryptoki.ParseUlong(c.read(kind))
	c.judge(kind, strconv.FormatUint(uint64(got), 10), strconv.FormatUint(uint64(want), 10), ok)
}

func (c *checker) judge(kind cryptoki.AttributeType, got, want string, ok bool) {
	if !ok {
		got = "unreadable"
	}
	c.set(kind.String(), got)
	if got != want {
		c.fail(fmt.Sprintf("%v is %s, must be %s", kind, got, want))
	}
}

// noteCopyable and noteMechanisms record attributes that are good to have and
// that only some tokens know.
func (c *checker) noteCopyable() {
	if value, ok := cryptoki.ParseBool(c.read(cryptoki.AttrCopyable)); ok {
		c.set(cryptoki.AttrCopyable.String(), strconv.FormatBool(value))
	}
}

func (c *checker) noteMechanisms() {
	codes, ok := cryptoki.ParseMechanisms(c.read(cryptoki.AttrAllowedMechanisms))
	if ok && len(codes) > 0 {
		c.set(cryptoki.AttrAllowedMechanisms.String(), fmt.Sprint(codes))
	}
}

func (c *checker) set(name, value string) {
	if c.prefix != "" {
		name = c.prefix + "." + name
	}
	c.report[name] = value
}

func (c *checker) fail(reason string) {
	if c.prefix != "" {
		reason = c.prefix + ": " + reason
	}
	c.reasons = append(c.reasons, reason)
}

// tryRead asks for the key's value, which must be refused.
func (c *checker) tryRead() {
	value := c.read(cryptoki.AttrValue)
	if c.err != nil {
		return
	}
	if len(value) > 0 {
		clear(value)
		c.fail("CKA_VALUE can be read although the key says it is sensitive")
		return
	}
	c.set("read CKA_VALUE", "refused")
}

// tryExtractable asks to make the key extractable, which must be refused. Only
// a refusal counts: a device error proves nothing.
func (c *checker) tryExtractable() {
	if c.err != nil {
		return
	}
	err := c.session.SetAttribute(c.handle, cryptoki.Bool(cryptoki.AttrExtractable, true))
	switch {
	case err == nil:
		c.fail("CKA_EXTRACTABLE can be set to true")
		if err := c.session.SetAttribute(c.handle, cryptoki.Bool(cryptoki.AttrExtractable, false)); err != nil {
			c.fail("CKA_EXTRACTABLE could not be set back to false")
		}
	case cryptoki.IsCode(err, cryptoki.CodeAttributeReadOnly, cryptoki.CodeActionProhibited,
		cryptoki.CodeAttributeValueInvalid, cryptoki.CodeTemplateInconsistent,
		cryptoki.CodeAttributeSensitive, cryptoki.CodeFunctionNotSupported, cryptoki.CodeKeyUnextractable):
		c.set("set CKA_EXTRACTABLE", "refused")
	default:
		c.err = fmt.Errorf("trying to set CKA_EXTRACTABLE: %w", err)
	}
}
