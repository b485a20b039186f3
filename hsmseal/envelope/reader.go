package envelope

import (
	"bytes"
	"encoding/binary"
)

// reader takes fields off the front of a blob and remembers that one was cut
// short; what it returns after that is zero.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || len(r.rest) < n {
		r.failed = true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return bytes.Clone(out)
}

func (r *reader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); len(b) == 2 {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) keyID() KeyID {
	var id KeyID
	if b := r.take(4); len(b) == 4 {
		id.Version = binary.BigEndian.Uint32(b)
	}
	copy(id.Fingerprint[:], r.take(FingerprintSize))
	return id
}

func (r *reader) wrap() Wrap {
	var w Wrap
	copy(w.Token[:], r.take(TokenSize))
	w.KeyID = r.take(int(r.byte()))
	w.Mechanism = string(r.take(int(r.byte())))
	w.Wrapped = r.take(int(r.uint16()))
	return w
}
