package command

import (
	"context"
	"flag"
	"strconv"
	"strings"

	"github.com/palisade-vault/palisade/backend/journal"
	"github.com/palisade-vault/palisade/pqtransit/client"
)

var _ = register(command{
	name:      "journal verify",
	synopsis:  "Verify the chain of a mount's journal",
	arguments: "MOUNT",
	description: `
Reads the journal of what a mount did without a request, such as rotating keys by their schedule,
and verifies here that no entry was changed, added or removed in between: each has the hash of the
one before it. Only a hash that was kept elsewhere tells that the whole chain was made anew, or
its end cut off: keep the head that this command prints, and give it to a later run. The token
needs read on MOUNT/journal.

The exit code is 0 when the chain is whole, 3 when it is not, 1 and 2 for errors.`,
	examples: []example{
		{"The journal of the mount pqtransit/", "palisade journal verify pqtransit"},
		{"The same, which must go on from a head that was kept", "palisade journal verify -head 42:$(cat head-42) pqtransit"},
		{"The head alone, to keep", "palisade journal verify -format=json pqtransit | jq -r '.head | \"\\(.index):\\(.hash)\"'"},
	},
	build: func(set *flag.FlagSet) run {
		head := set.String("head", "", "An entry that the chain must have, as `INDEX:HASH`.")
		return func(ctx context.Context, c *call) error { return journalVerify(ctx, c, *head) }
	},
})

func journalVerify(ctx context.Context, c *call, head string) error {
	known, err := parseHead(head)
	if err != nil {
		return err
	}
	vault, err := c.client()
	if err != nil {
		return err
	}
	p := c.progress("entries verified", 0)
	found, err := client.NewMount(vault, c.arguments[0]).VerifyJournal(ctx, known, p.add)
	p.end()
	if err != nil {
		return err
	}
	if err := c.show(found, func(t *table) { journalTable(t, found) }); err != nil {
		return err
	}
	if found.Fault != "" {
		return errNo
	}
	return nil
}

func parseHead(text string) (journal.Anchor, error) {
	var known journal.Anchor
	if text == "" {
		return known, nil
	}
	number, hash, _ := strings.Cut(text, ":")
	index, err := strconv.ParseUint(number, 10, 64)
	if err != nil || known.Hash.UnmarshalText([]byte(hash)) != nil {
		return known, usagef("-head wants an entry's index and hash, such as 42:ccd0af1a…, not %q", text)
	}
	known.Index = index
	return known, nil
}

func journalTable(t *table, found *client.Journal) {
	if found.Fault != "" {
		t.text("The journal of %s is broken: %s.", found.Mount, found.Fault)
		return
	}
	t.text("The journal of %s is whole: %d entries.", found.Mount, found.Entries)
	t.row("Before the oldest", found.After.Index, found.After.Hash)
	t.row("Head", found.Head.Index, found.Head.Hash)
}
