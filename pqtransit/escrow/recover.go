package escrow

import (
	"errors"
	"fmt"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Recover opens the record with the shares of a quorum, in any order. It checks
// every share first, and refuses all with an error that names each wrong one
// ([ErrBadShare]) and what else is missing: leave the wrong ones out and try
// again. The same share twice counts once. Verify the package first.
func (p *Package) Recover(shares []Share) (suite.Secret, error) {
	good, faults := p.sort(shares)
	if missing := p.missing(good); len(missing) > 0 {
		faults = append(faults, fmt.Errorf("shares are missing: %s", strings.Join(missing, ", ")))
	}
	if len(faults) > 0 {
		return suite.Secret{}, errors.Join(faults...)
	}
	key := make([]byte, packageKeySize)
	defer clear(key)
	for _, points := range good {
		part := combine(points)
		xor(key, part)
		clear(part)
	}
	aead, err := recordAEAD(key)
	if err != nil {
		return suite.Secret{}, err
	}
	record, err := aead.Open(nil, nil, p.Record, p.binding())
	if err != nil {
		// The commitments hold, so no custodian is at fault.
		return suite.Secret{}, errors.New("the shares are those that the dealer committed to, and do not open the record: the package was made wrongly")
	}
	defer clear(record)
	return suite.NewSecret(record), nil
}

// sort gives each part's points, wrong shares left out.
func (p *Package) sort(shares []Share) (good []map[byte][]byte, faults []error) {
	good = make([]map[byte][]byte, len(p.Parts))
	for i := range good {
		good[i] = map[byte][]byte{}
	}
	for _, share := range shares {
		if err := p.checkShare(share); err != nil {
			faults = append(faults, err)
			continue
		}
		good[share.Place.Part][byte(share.Place.Share+1)] = share.value.Bytes()[:packageKeySize]
	}
	return good, faults
}

// missing says of which parts there are too few shares.
func (p *Package) missing(good []map[byte][]byte) []string {
	var missing []string
	for i, part := range p.Parts {
		switch {
		case len(good[i]) >= part.Threshold:
		case part.Group == "":
			missing = append(missing, "that of mandatory custodian "+part.Shares[0].Custodian)
		default:
			missing = append(missing, fmt.Sprintf("%d of the %d of group %s", part.Threshold-len(good[i]), part.Threshold, part.Group))
		}
	}
	return missing
}
