package envelope

import (
	"bytes"
	"encoding/binary"
)

// Marshal encodes a sealed blob. It fails on one that Parse would refuse.
func (b *Blob) Marshal() ([]byte, error) {
	header, err := b.header()
	if err != nil {
		return nil, err
	}
	if len(b.sealed) < nonceSize+tagSize || len(b.sealed) > nonceSize+MaxPlaintext+tagSize {
		return nil, invalid("payload has %d bytes", len(b.sealed))
	}
	out := append(header, 0, 0) // the maker's signature: none
	return append(out, b.sealed...), nil
}

// header encodes everything before the signature: what payload and, one day,
// signature are bound to.
func (b *Blob) header() ([]byte, error) {
	if b.KeyID.Version == 0 {
		return nil, invalid("key version is zero")
	}
	if len(b.Wraps) < 1 || len(b.Wraps) > MaxWraps {
		return nil, invalid("has %d wraps, 1 to %d are allowed", len(b.Wraps), MaxWraps)
	}
	out := binary.BigEndian.AppendUint32([]byte{Version}, b.KeyID.Version)
	out = append(out, b.KeyID.Fingerprint[:]...)
	out = append(out, byte(len(b.Wraps)))
	for i, wrap := range b.Wraps {
		if err := wrap.check(); err != nil {
			return nil, err
		}
		if i > 0 && b.Wraps[i-1].compare(wrap) >= 0 {
			return nil, invalid("wraps are repeated or out of order")
		}
		out = wrap.append(out)
	}
	return out, nil
}

func (w Wrap) check() error {
	switch {
	case len(w.KeyID) < 1 || len(w.KeyID) > MaxKeyID:
		return invalid("wrap has a key id of %d bytes", len(w.KeyID))
	case len(w.Wrapped) < 1 || len(w.Wrapped) > MaxWrapped:
		return invalid("wrap has a wrapped key of %d bytes", len(w.Wrapped))
	case !validMechanism(w.Mechanism):
		return invalid("wrap has a malformed mechanism name")
	}
	return nil
}

func (w Wrap) append(out []byte) []byte {
	out = append(out, w.Token[:]...)
	out = append(out, byte(len(w.KeyID)))
	out = append(out, w.KeyID...)
	out = append(out, byte(len(w.Mechanism)))
	out = append(out, w.Mechanism...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(w.Wrapped)))
	return append(out, w.Wrapped...)
}

func validMechanism(name string) bool {
	if len(name) < 1 || len(name) > MaxMechanism {
		return false
	}
	for _, c := range []byte(name) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Parse decodes a blob. It accepts exactly what Marshal makes, and every error
// matches ErrInvalid. The payload is not opened and nothing is believed yet.
func Parse(data []byte) (*Blob, error) {
	if len(data) > maxBlob {
		return nil, invalid("longer than any blob")
	}
	r := &reader{rest: data}
	if version := r.byte(); !r.failed && version != Version {
		return nil, invalid("blob has format version %d, this release reads %d", version, Version)
	}
	blob := &Blob{KeyID: r.keyID()}
	for range int(r.byte()) {
		blob.Wraps = append(blob.Wraps, r.wrap())
		if r.failed {
			break
		}
	}
	if n := r.uint16(); n != 0 && !r.failed {
		return nil, invalid("blob is signed by its maker, which this release cannot check")
	}
	blob.sealed = bytes.Clone(r.rest)
	if r.failed {
		return nil, invalid("cut short")
	}
	again, err := blob.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, invalid("not in canonical form")
	}
	return blob, nil
}
