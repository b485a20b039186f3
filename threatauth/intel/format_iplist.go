package intel

// A bare list, as ipsum's levels/N.txt, Tor's exit list and many others are.
var _ = register(Format{
	Name:     "iplist",
	Doc:      "an IP address or CIDR network alone; its level is 1",
	MinLevel: 1,
	parse: func(line string) (Entry, error) {
		prefix, err := parsePrefix(line)
		return Entry{Prefix: prefix, Level: 1}, err
	},
	write: func(e Entry) string { return formatPrefix(e.Prefix) },
})
