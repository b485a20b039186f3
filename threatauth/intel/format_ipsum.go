package intel

import (
	"errors"
	"strconv"
	"strings"
)

// The main file of stamparm/ipsum: the address and how many blacklists name it.
var _ = register(Format{
	Name: "ipsum",
	Doc:  "an IP address or CIDR network, a TAB, and the number of blacklists that name it",
	// Its author advises 3 against false positives.
	MinLevel: 3,
	parse: func(line string) (Entry, error) {
		address, count, found := strings.Cut(line, "\t")
		if !found {
			return Entry{}, errors.New("no TAB between address and count")
		}
		prefix, err := parsePrefix(address)
		if err != nil {
			return Entry{}, err
		}
		level, err := parseLevel(count)
		return Entry{Prefix: prefix, Level: level}, err
	},
	write: func(e Entry) string { return formatPrefix(e.Prefix) + "\t" + strconv.Itoa(e.Level) },
})
