package threatauth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/palisade-vault/palisade/threatauth/credential"
)

// optionCredential is the mount option that chooses the credential method.
const optionCredential = "credential"

// defaultMethod serves a mount without the option.
const defaultMethod = "userpass"

// method is a credential method with its paths. A new one is a value registered in a path
// file of its own.
type method struct {
	// name is the mount option's value; it is never renamed.
	name string
	// unauthenticated are the paths that need no token.
	unauthenticated []string
	// build makes the method for a mount, and its paths.
	build func(*Backend) (credential.Method, []*framework.Path)
}

var methods []method

func registerMethod(m method) struct{} {
	if m.name == "" || slices.ContainsFunc(methods, func(n method) bool { return n.name == m.name }) {
		panic(fmt.Sprintf("internal error: credential method %q is empty or registered twice", m.name))
	}
	methods = append(methods, m)
	return struct{}{}
}

// lookupMethod is the method of that name; "" is the default one.
func lookupMethod(name string) (method, error) {
	if name == "" {
		name = defaultMethod
	}
	var names []string
	for _, m := range methods {
		if m.name == name {
			return m, nil
		}
		names = append(names, m.name)
	}
	slices.Sort(names)
	return method{}, fmt.Errorf("mount option %s=%q is none of %s", optionCredential, name, strings.Join(names, ", "))
}
