package command

import "testing"

var _ = addSample("version", func(*testing.T) sample { return sample{} })
