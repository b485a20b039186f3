package escrow

import (
	"io"
	"slices"
)

// Shamir's scheme ("How to share a secret", 1979) over GF(2^8), each byte of a
// secret on its own. The field is that of AES (FIPS 197, section 4); share i is
// the polynomials' value at i, and the secret their value at 0.

// maxShares is the number of points besides 0 that the field has.
const maxShares = 255

// split gives shares 1 to count of a secret, any threshold of which recover it.
// The callers have checked that 1 <= threshold <= count <= maxShares.
func split(secret []byte, threshold, count int, random io.Reader) ([][]byte, error) {
	// Row d holds every byte's coefficient of degree d.
	coefficients := make([][]byte, threshold)
	coefficients[0] = secret
	for degree := 1; degree < threshold; degree++ {
		coefficients[degree] = make([]byte, len(secret))
		if _, err := io.ReadFull(random, coefficients[degree]); err != nil {
			return nil, err
		}
		defer clear(coefficients[degree])
	}
	shares := make([][]byte, count)
	for i := range shares {
		shares[i] = evaluate(coefficients, byte(i+1))
	}
	return shares, nil
}

// evaluate is Horner's rule on all bytes at once.
func evaluate(coefficients [][]byte, at byte) []byte {
	value := slices.Clone(coefficients[len(coefficients)-1])
	for degree := len(coefficients) - 2; degree >= 0; degree-- {
		for i := range value {
			value[i] = multiply(value[i], at) ^ coefficients[degree][i]
		}
	}
	return value
}

// combine is the value at 0 of the polynomials of least degree through the
// given points: the secret, if there are threshold shares of it or more. The
// callers have checked that the shares are as long as each other.
func combine(shares map[byte][]byte) []byte {
	var secret []byte
	for at, share := range shares {
		if secret == nil {
			secret = make([]byte, len(share))
		}
		weight := lagrange(at, shares)
		for i := range share {
			secret[i] ^= multiply(share[i], weight)
		}
	}
	return secret
}

// lagrange is the value at 0 of the basis polynomial that is 1 at a point and 0
// at the others; subtraction is exclusive or.
func lagrange(at byte, points map[byte][]byte) byte {
	numerator, denominator := byte(1), byte(1)
	for other := range points {
		if other != at {
			numerator = multiply(numerator, other)
			denominator = multiply(denominator, other^at)
		}
	}
	return multiply(numerator, inverse(denominator))
}

// multiply takes the same time for all factors: shares are secret.
func multiply(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return product
}

// inverse is a^254, since a^255 is 1 for all but 0.
func inverse(a byte) byte {
	power := byte(1)
	for range 254 {
		power = multiply(power, a)
	}
	return power
}
