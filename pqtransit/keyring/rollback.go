package keyring

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Stranded is a key that the built-in engine could not serve, were the mount to go back to
// it: the key lies in our own format, with a stub in its place.
type Stranded struct {
	Name string
	// Types are the algorithms of all versions that were not trimmed, by number.
	Types map[int]string
	// Reasons are why, at least one.
	Reasons []string
}

// Stranding is one page of the keys of a mount that are stranded.
type Stranding struct {
	Keys []Stranded
	// Next is the name to ask for the next page after, "" on the last.
	Next string
	// Total is how many keys the mount has, stranded or not.
	Total int
	// Unheeded are the keys that the built-in engine could serve, and of which it would not obey
	// settings that only we have, such as a rotation's schedule; on the first page alone.
	Unheeded []string
}

// Strandings looks at up to limit names behind after, in order; limit is at least 1. It
// reads the keys in our own format alone, and does not cache them.
func (r *Keyring) Strandings(ctx context.Context, storage logical.Storage, after string, limit int) (Stranding, error) {
	names, err := r.List(ctx, storage)
	if err != nil {
		return Stranding{}, err
	}
	page := Stranding{Total: len(names)}
	// An interrupted creation or change may leave an entry here whose key is elsewhere or nowhere.
	candidates, err := storage.List(ctx, ownPrefix)
	if err != nil {
		return Stranding{}, fmt.Errorf("failed to list keys: %w", err)
	}
	slices.Sort(candidates)
	if after == "" {
		if page.Unheeded, err = r.unheeded(ctx, storage, names, candidates); err != nil {
			return Stranding{}, err
		}
	}
	first, found := slices.BinarySearch(candidates, after)
	if found {
		first++
	}
	candidates = candidates[first:]
	if len(candidates) > limit {
		candidates = candidates[:limit]
		page.Next = candidates[limit-1]
	}
	for _, name := range candidates {
		stranded, err := r.stranded(ctx, storage, name)
		if err != nil {
			return Stranding{}, err
		}
		if stranded != nil {
			page.Keys = append(page.Keys, *stranded)
		}
	}
	return page, nil
}

// unheeded are the names with settings of ours, in order, but for those in our own format.
func (*Keyring) unheeded(ctx context.Context, storage logical.Storage, names, own []string) ([]string, error) {
	settled, err := storage.List(ctx, rotationPrefix)
	if err != nil {
		return nil, fmt.Errorf("failed to list keys: %w", err)
	}
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	for _, name := range own {
		there[name] = false
	}
	settled = slices.DeleteFunc(settled, func(name string) bool { return !there[name] })
	slices.Sort(settled)
	return settled, nil
}

// stranded is nil for a key that the built-in engine could serve.
func (r *Keyring) stranded(ctx context.Context, storage logical.Storage, name string) (*Stranded, error) {
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, place.known())
	if err != nil || found == nil || found.policy != nil {
		return nil, err
	}
	types := make(map[int]string, len(found.key.versions))
	for number, version := range found.key.versions {
		types[number] = version.Suite.Name
	}
	return &Stranded{Name: name, Types: types, Reasons: found.key.strandedBy()}, nil
}

// strandedBy is why a key in our own format is in it.
func (k *Key) strandedBy() []string {
	byType, byPurpose := map[string][]int{}, map[string][]int{}
	for number, version := range k.versions {
		if version.Suite.StoredAs == suite.NotCommunity {
			byType[version.Suite.Name] = append(byType[version.Suite.Name], number)
		}
		if purpose := version.Purpose; purpose != version.Suite.Purpose {
			byPurpose[PurposeText(purpose)] = append(byPurpose[PurposeText(purpose)], number)
		}
	}
	reasons := listed(byType, "%s of type %s, which the built-in engine does not have")
	if k.Mixed() {
		reasons = append(reasons, "the versions differ in type or purpose, and the built-in engine knows one for all")
	}
	reasons = append(reasons, listed(byPurpose, "%s for the purpose %s alone, which the built-in engine cannot keep to")...)
	if len(reasons) == 0 {
		reasons = []string{"the key was such a one and has stayed in Palisade's own form"}
	}
	return reasons
}

// listed writes a sentence for each name, with the versions that have it.
func listed(versions map[string][]int, format string) []string {
	var sentences []string
	for name, numbers := range versions {
		sentences = append(sentences, fmt.Sprintf(format, versionsText(numbers), name))
	}
	slices.Sort(sentences)
	return sentences
}

// versionsText is such as "version 3 is" or "versions 1, 2 and 4 are".
func versionsText(numbers []int) string {
	slices.Sort(numbers)
	last := strconv.Itoa(numbers[len(numbers)-1])
	if len(numbers) == 1 {
		return "version " + last + " is"
	}
	texts := make([]string, len(numbers)-1)
	for i := range texts {
		texts[i] = strconv.Itoa(numbers[i])
	}
	return "versions " + strings.Join(texts, ", ") + " and " + last + " are"
}
