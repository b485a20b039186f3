package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}} {
		var out bytes.Buffer
		if err := dispatch(t.Context(), args, &out, &out); err != nil {
			t.Fatal(err)
		}
		for _, command := range commands {
			if !strings.Contains(out.String(), "\n  "+command.name) {
				t.Errorf("%v does not list %s", args, command.name)
			}
		}
	}
	for _, command := range commands {
		var out bytes.Buffer
		if err := dispatch(t.Context(), []string{command.name, "--help"}, &out, &out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "Examples:\n  ") {
			t.Errorf("%s has no examples", command.name)
		}
	}
}

func TestCommandLinesThatFail(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"frob"}, `no command "frob"`},
		{"unknown flag", []string{"serve", "-pin=1234"}, "not defined: -pin"},
		{"argument", []string{"serve", "x"}, "unexpected arguments"},
		{"worker by hand", []string{"worker", "x"}, "unexpected arguments"},
		{"no config", []string{"serve"}, "-config is missing"},
		{"config not there", []string{"serve", "-config", "/nowhere/seal.hcl"}, "/nowhere/seal.hcl"},
		{"log level", []string{"serve", "-config", "testdata/good.hcl", "-log-level=loud"}, "-log-level"},
		{"format", []string{"check", "-format=xml"}, "-format"},
		{"no tenant", []string{"token", "-config", "testdata/good.hcl"}, "-tenant is missing"},
		{"unknown tenant", []string{"token", "-config", "testdata/good.hcl", "-tenant", "x"}, `no tenant "x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := dispatch(t.Context(), test.args, &out, &out)
			if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
				t.Errorf("got %v and %q", err, out.String())
			}
		})
	}
}
