package escrow

import (
	"errors"
	"fmt"
)

// maxParts bounds a package, so that it stays far below what storage takes.
const maxParts = 32

// Custodian is who gets a share.
type Custodian struct {
	// Entity is the id of the custodian's entity in Vault, never a name or an
	// alias: those can be given to somebody else.
	Entity string
	// Encryption is the key that the share is sealed to, of one of
	// EncryptionSuites.
	Encryption PublicKey
}

// Group is custodians of whom any Threshold are needed.
type Group struct {
	Name      string
	Threshold int // 1 to the number of members
	Members   []Custodian
}

// Arrangement is who must act together: a quorum of every group, and every
// mandatory custodian. At least two people are needed in all.
type Arrangement struct {
	Groups    []Group
	Mandatory []Custodian
}

// Check refuses what could be opened by nobody, by one person alone, or by one
// person in two places. Errors name the entity or group.
func (a Arrangement) Check() error {
	needed := len(a.Mandatory)
	seen := map[string]bool{}
	for _, group := range a.Groups {
		if group.Name == "" || seen["group "+group.Name] {
			return fmt.Errorf("group %q is without a name or there twice", group.Name)
		}
		seen["group "+group.Name] = true
		if group.Threshold < 1 || group.Threshold > len(group.Members) || len(group.Members) > maxShares {
			return fmt.Errorf("group %s needs %d of %d members: it must be 1 to all of at most %d",
				group.Name, group.Threshold, len(group.Members), maxShares)
		}
		needed += group.Threshold
	}
	switch {
	case needed < 2:
		return errors.New("one custodian alone could open this: at least two must be needed")
	case len(a.Groups)+len(a.Mandatory) > maxParts:
		return fmt.Errorf("there are more than %d groups and mandatory custodians", maxParts)
	}
	return a.checkCustodians()
}

func (a Arrangement) checkCustodians() error {
	entities, keys := map[string]bool{}, map[string]bool{}
	for _, part := range a.parts() {
		for _, custodian := range part.Members {
			id := custodian.Encryption.ID()
			switch {
			case custodian.Entity == "":
				return errors.New("a custodian is without an entity")
			case entities[custodian.Entity]:
				return fmt.Errorf("entity %s is a custodian twice", custodian.Entity)
			case keys[id]:
				return fmt.Errorf("entity %s has the key of another custodian", custodian.Entity)
			}
			entities[custodian.Entity], keys[id] = true, true
		}
	}
	return nil
}

// parts has each mandatory custodian as a group of its own, without a name.
func (a Arrangement) parts() []Group {
	parts := append([]Group(nil), a.Groups...)
	for _, custodian := range a.Mandatory {
		parts = append(parts, Group{Threshold: 1, Members: []Custodian{custodian}})
	}
	return parts
}
