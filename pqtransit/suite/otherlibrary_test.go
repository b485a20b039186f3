package suite_test

import (
	"bytes"
	"testing"

	mldsax509 "filippo.io/mldsa/x509"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Keys of ML-DSA, and of the classical families, are read by filippo.io/mldsa/x509 (which
// leaves the latter to crypto/x509) and written by it to the same bytes; new keys of its go
// the other way. The X-Wing recipient is held against age's library in TestAgeUnwrap.
func TestAnotherLibraryReadsAndWritesTheSame(t *testing.T) {
	known := func(s *suite.Suite) bool {
		return s.Encodings.PKCS8 != nil && (s.Selector.Type == "ml-dsa" || s.StoredAs != suite.NotCommunity)
	}
	count := 0
	for _, s := range suite.All() {
		if !known(s) {
			continue
		}
		count++
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			private, err := s.Encodings.PKCS8(key)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := mldsax509.ParsePKCS8PrivateKey(private.Bytes())
			if err != nil {
				t.Fatalf("%s, %s: %v", s.Name, name, err)
			}
			again, err := mldsax509.MarshalPKCS8PrivateKey(theirs)
			if err != nil || !bytes.Equal(again, private.Bytes()) {
				t.Errorf("%s, %s: written otherwise (%v)", s.Name, name, err)
			}
			public, err := s.Encodings.PKIX(key)
			if err != nil {
				t.Fatal(err)
			}
			half, err := mldsax509.ParsePKIXPublicKey(public)
			if err != nil {
				t.Fatalf("%s, %s: %v", s.Name, name, err)
			}
			if again, err := mldsax509.MarshalPKIXPublicKey(half); err != nil || !bytes.Equal(again, public) {
				t.Errorf("%s, %s: public key written otherwise (%v)", s.Name, name, err)
			}
		}
	}
	if count != 10 {
		t.Errorf("%d suites", count)
	}
}
