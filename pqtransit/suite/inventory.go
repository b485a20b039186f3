package suite

import "encoding/asn1"

// Inventory is what an inventory of cryptography says of a suite. It decides
// nothing about how keys work.
type Inventory struct {
	// ClassicalBits is the strength against attacks without a quantum
	// computer, in bits (NIST SP 800-57 part 1, tables 2 and 4). Of a hybrid
	// it is that of its stronger half.
	ClassicalBits int
	// SecurityCategory is NIST's, 1 to 5, against attacks with a quantum
	// computer (FIPS 203 to 205, and NIST's call for proposals of 2016,
	// section 4.A.5, which defines category 1, 3 and 5 by key search of
	// AES-128, AES-192 and AES-256). 0: none is met, since Shor's algorithm
	// breaks it.
	SecurityCategory int
	// Successors are names of suites to go to from here, the best first. One
	// that lacks the purpose of a key is not for it. Empty: there is no reason
	// to leave.
	Successors []string

	// Primitive is one of CycloneDX 1.6's `primitive`.
	Primitive string
	// ParameterSet and Mode are CycloneDX's `parameterSetIdentifier` and
	// `mode`, empty where the algorithm has none.
	ParameterSet, Mode string
	// Curve is CycloneDX's `curve`, as https://neuromancer.sk/std/ names it.
	// Empty: no elliptic curve is in it.
	Curve string
	// OID is the algorithm's object identifier with dots, empty where no
	// standard has one.
	OID string
}

// pqInventory is that of a NIST standard, whose strength without a quantum
// computer is that of the AES key which defines or bounds its category from
// below (category 2: AES-128).
func pqInventory(primitive, parameterSet string, category int, oid asn1.ObjectIdentifier) Inventory {
	return Inventory{
		ClassicalBits: []int{0, 128, 128, 192, 192, 256}[category], SecurityCategory: category,
		Primitive: primitive, ParameterSet: parameterSet, OID: oid.String(),
	}
}

// QuantumSafe reports whether a suite meets at least the lowest of NIST's
// categories. AES-128 does, by definition (see also NIST IR 8547, section
// 2.2.3).
func (s *Suite) QuantumSafe() bool { return s.Inventory.SecurityCategory > 0 }

// Named finds the suites that a name stands for: one for a suite's name or
// alias, every parameter set for a type of Vault's API that has them, such as
// ml-dsa; none for an unknown name.
func Named(name string) []*Suite {
	if found, ok := Lookup(name); ok {
		return []*Suite{found}
	}
	var family []*Suite
	for _, s := range All() {
		if s.Selector.Type == name && name != "" {
			family = append(family, s)
		}
	}
	return family
}
