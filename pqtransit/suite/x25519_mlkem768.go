package suite

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/asn1"
)

var xwing = hybridKEM{
	postQuantum: mlkem768,
	curve:       ecdh.X25519(),
	seedSize:    32,
	pointSize:   32,
	label:       `\.//^\`,
}

// X-Wing (draft-connolly-cfrg-xwing-kem-10), which draft-ietf-hpke-pq calls
// MLKEM768-X25519, under HPKE. The private key is the 32-byte seed, the public
// key the 1216 raw bytes of both drafts.
var _ = register(xwingSuite())

func xwingSuite() Suite {
	family := hpkeFamily{
		kem:  hpke.MLKEM768X25519(),
		kdf:  hpke.HKDFSHA256(),
		aead: hpke.AES256GCM(),
		raw:  xwing.family(),
	}
	s := family.suite(Suite{
		Name:     "x25519-mlkem768",
		Wrapping: true,
		Module:   PartlyInModule, // all but X25519
		Inventory: Inventory{
			ClassicalBits: 192, SecurityCategory: 3,
			Primitive: "combiner", ParameterSet: "MLKEM768-X25519", Curve: "other/Curve25519", OID: "1.3.6.1.4.1.62253.25722",
		},
		SelfTest: kemSelfTest("x25519-mlkem768", "0eea139ccb3d1e50766cef2f7dd2cdaf72498f8def18ae296d56aa958febc689", 32, 1088, 1184),
	})
	// draft-connolly-cfrg-xwing-kem-10, section 5.8.
	form := rawForm{oid: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62253, 25722}}
	s.Encodings = form.encodings(s.Parse, s.ParsePublic)
	s.Encodings.AgeRecipient = ageRecipient
	s.AgeUnwrap = ageFamily(family).ageUnwrap
	return s
}
