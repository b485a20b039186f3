package hsmseal

// What tests outside the package need of its inside.
var (
	PrepareStateDir = prepareStateDir
	OnlyOursToWrite = onlyOursToWrite
	ParseHashes     = parseHashes
	MaxBody         = maxBody
)

// Listen opens a unix socket as Serve does.
var Listen = listen
