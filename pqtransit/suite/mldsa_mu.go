package suite

import (
	"bytes"
	"crypto/sha3"
)

// Verification of ML-DSA from an external mu (FIPS 204, algorithm 8): the
// libraries sign from one, but verify from the message only. It handles nothing
// secret, so it need not run in constant time.

const (
	ringSize    = 256
	ringModulus = 8380417
	ringDropped = 13 // bits that the public key leaves out of t
)

type polynomial [ringSize]uint32

// muParameters are those of FIPS 204, table 1.
type muParameters struct {
	rows, columns int
	gamma1Bits    int    // of 2*gamma1, so of one coefficient of z
	gamma2        uint32 // low-order rounding range
	ones          int    // tau, of the challenge
	beta          uint32
	hints         int // omega, the most there may be
	challenge     int // bytes of the challenge's hash
}

var (
	mu44 = muParameters{4, 4, 18, (ringModulus - 1) / 88, 39, 78, 80, 32}
	mu65 = muParameters{6, 5, 20, (ringModulus - 1) / 32, 49, 196, 55, 48}
	mu87 = muParameters{8, 7, 20, (ringModulus - 1) / 32, 60, 120, 75, 64}
)

// verify takes a public key and a signature of the right lengths.
func (p muParameters) verify(public, mu, signature []byte) bool {
	challengeHash := signature[:p.challenge]
	response, short := p.response(signature[p.challenge:])
	hints, wellFormed := p.decodeHints(signature[len(signature)-p.hints-p.rows:])
	if !short || !wellFormed {
		return false
	}
	challenge := p.challengePolynomial(challengeHash)
	challenge.transform()

	hash := sha3.NewSHAKE256()
	_, _ = hash.Write(mu)
	for row := range p.rows {
		commitment := p.commitment(public, row, response, challenge)
		_, _ = hash.Write(p.encodeHigh(commitment, hints[row]))
	}
	again := make([]byte, p.challenge)
	_, _ = hash.Read(again)
	return bytes.Equal(again, challengeHash)
}

// response is NTT(z), and whether z is short enough.
func (p muParameters) response(encoded []byte) ([]polynomial, bool) {
	response := make([]polynomial, p.columns)
	gamma1 := uint32(1) << (p.gamma1Bits - 1)
	for i := range response {
		size := ringSize * p.gamma1Bits / 8
		for j, value := range unpackBits(encoded[i*size:(i+1)*size], p.gamma1Bits) {
			// z lies in -gamma1+1 to gamma1 and is packed as gamma1-z.
			if value <= p.beta || value >= 2*gamma1-p.beta {
				return nil, false
			}
			response[i][j] = (gamma1 + ringModulus - value) % ringModulus
		}
		response[i].transform()
	}
	return response, true
}

// commitment is one row of NTT^-1(A * NTT(z) - NTT(c) * NTT(t1 * 2^d)).
func (p muParameters) commitment(public []byte, row int, response []polynomial, challenge polynomial) polynomial {
	var sum polynomial
	for column := range p.columns {
		entry := matrixEntry(public[:32], row, column)
		for i := range sum {
			sum[i] = modAdd(sum[i], modMultiply(entry[i], response[column][i]))
		}
	}
	size := ringSize * 10 / 8
	var high polynomial
	for i, value := range unpackBits(public[32+row*size:32+(row+1)*size], 10) {
		high[i] = value << ringDropped
	}
	high.transform()
	for i := range sum {
		sum[i] = modSubtract(sum[i], modMultiply(challenge[i], high[i]))
	}
	sum.invert()
	return sum
}

// decodeHints is algorithm 21, which refuses every encoding but one.
func (p muParameters) decodeHints(encoded []byte) ([][ringSize]bool, bool) {
	hints := make([][ringSize]bool, p.rows)
	index := 0
	for row := range hints {
		end := int(encoded[p.hints+row])
		if end < index || end > p.hints {
			return nil, false
		}
		for first := index; index < end; index++ {
			if index > first && encoded[index-1] >= encoded[index] {
				return nil, false
			}
			hints[row][encoded[index]] = true
		}
	}
	for _, unused := range encoded[index:p.hints] {
		if unused != 0 {
			return nil, false
		}
	}
	return hints, true
}

// challengePolynomial is algorithm 29.
func (p muParameters) challengePolynomial(seed []byte) polynomial {
	var c polynomial
	source := sha3.NewSHAKE256()
	_, _ = source.Write(seed)
	signs, position := make([]byte, 8), make([]byte, 1)
	_, _ = source.Read(signs)
	for i := ringSize - p.ones; i < ringSize; i++ {
		_, _ = source.Read(position)
		for int(position[0]) > i {
			_, _ = source.Read(position)
		}
		bit := i + p.ones - ringSize
		c[i] = c[position[0]]
		c[position[0]] = 1
		if signs[bit/8]>>(bit%8)&1 == 1 {
			c[position[0]] = ringModulus - 1
		}
	}
	return c
}

// encodeHigh is UseHint and w1Encode (algorithms 40 and 28).
func (p muParameters) encodeHigh(w polynomial, hints [ringSize]bool) []byte {
	count := (ringModulus - 1) / (2 * p.gamma2)
	width := 4
	if count == 44 {
		width = 6
	}
	packed := make([]byte, ringSize*width/8)
	for i, value := range w {
		high := p.useHint(value, hints[i], count)
		for bit := range width {
			at := i*width + bit
			packed[at/8] |= byte(high>>bit&1) << (at % 8)
		}
	}
	return packed
}

func (p muParameters) useHint(value uint32, hint bool, count uint32) uint32 {
	high, low := value/(2*p.gamma2), value%(2*p.gamma2)
	positive := low > 0 && low <= p.gamma2
	if low > p.gamma2 { // the low part is negative, of the next multiple
		high++
	}
	if high == count { // the last multiple wraps to zero, its low part one lower
		high, positive = 0, false
	}
	switch {
	case !hint:
		return high
	case positive:
		return (high + 1) % count
	}
	return (high + count - 1) % count
}

// matrixEntry is algorithm 30.
func matrixEntry(seed []byte, row, column int) polynomial {
	source := sha3.NewSHAKE128()
	_, _ = source.Write(append(bytes.Clone(seed), byte(column), byte(row)))
	var entry polynomial
	three := make([]byte, 3)
	for i := 0; i < ringSize; {
		_, _ = source.Read(three)
		value := uint32(three[0]) | uint32(three[1])<<8 | uint32(three[2]&0x7f)<<16
		if value < ringModulus {
			entry[i] = value
			i++
		}
	}
	return entry
}

// unpackBits reads values of so many bits, least significant first.
func unpackBits(packed []byte, width int) [ringSize]uint32 {
	var values [ringSize]uint32
	for i := range values {
		for bit := range width {
			at := i*width + bit
			values[i] |= uint32(packed[at/8]>>(at%8)&1) << bit
		}
	}
	return values
}

func modAdd(a, b uint32) uint32      { return (a + b) % ringModulus }
func modSubtract(a, b uint32) uint32 { return (a + ringModulus - b) % ringModulus }

func modMultiply(a, b uint32) uint32 {
	return uint32(uint64(a) * uint64(b) % ringModulus)
}

// roots are the powers of 1753 in bit-reversed order (FIPS 204, appendix B).
var roots = func() (roots [ringSize]uint32) {
	power := uint32(1)
	for i := range ringSize {
		reversed := 0
		for bit := range 8 {
			reversed |= i >> bit & 1 << (7 - bit)
		}
		roots[reversed] = power
		power = modMultiply(power, 1753)
	}
	return roots
}()

// transform is the NTT, algorithm 41.
func (w *polynomial) transform() {
	next := 0
	for length := ringSize / 2; length >= 1; length /= 2 {
		for start := 0; start < ringSize; start += 2 * length {
			next++
			for j := start; j < start+length; j++ {
				t := modMultiply(roots[next], w[j+length])
				w[j+length] = modSubtract(w[j], t)
				w[j] = modAdd(w[j], t)
			}
		}
	}
}

// invert is the inverse NTT, algorithm 42.
func (w *polynomial) invert() {
	const inverseOf256 = 8347681
	next := ringSize
	for length := 1; length < ringSize; length *= 2 {
		for start := 0; start < ringSize; start += 2 * length {
			next--
			for j := start; j < start+length; j++ {
				t := w[j]
				w[j] = modAdd(t, w[j+length])
				w[j+length] = modMultiply(ringModulus-roots[next], modSubtract(t, w[j+length]))
			}
		}
	}
	for i := range w {
		w[i] = modMultiply(w[i], inverseOf256)
	}
}
