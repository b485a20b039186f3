package threatauth

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/framework"
)

// Names of methods are mount options: none may change or go.
func TestMethodNames(t *testing.T) {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	if diff := cmp.Diff([]string{"userpass"}, names); diff != "" {
		t.Error(diff)
	}
}

// Whatever the method: it is called what it is registered as, refuses in one text, has a
// login that needs no token, and its paths and the risk paths do not overlap.
func TestEveryMethod(t *testing.T) {
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			b, err := newBackend(Options{}.withDefaults(), m.name)
			if err != nil {
				t.Fatal(err)
			}
			if b.method.Name() != m.name || b.method.Refusal() == "" || len(m.unauthenticated) == 0 {
				t.Errorf("name %q, refusal %q, unauthenticated %v", b.method.Name(), b.method.Refusal(), m.unauthenticated)
			}
			if _, ok := b.method.Normalize(""); ok {
				t.Error("a principal may have no name")
			}
			if _, ok := b.method.Normalize(strings.Repeat("x", 1<<20)); ok {
				t.Error("a principal's name may have 1 MiB")
			}
			once, _ := b.method.Normalize("Some.Name")
			if twice, ok := b.method.Normalize(once); !ok || twice != once {
				t.Errorf("%q is normalised again, to %q", once, twice)
			}
			_, paths := m.build(b)
			checkApart(t, paths, b.riskPaths())
		})
	}
}

func checkApart(t *testing.T, own, risk []*framework.Path) {
	t.Helper()
	for _, path := range own {
		if strings.HasPrefix(path.Pattern, "risk/") {
			t.Errorf("%s lies among the risk paths", path.Pattern)
		}
	}
	for _, path := range risk {
		if !strings.HasPrefix(path.Pattern, "risk/") {
			t.Errorf("%s lies outside risk/", path.Pattern)
		}
	}
}

func TestMethodsAreRegisteredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a duplicate was registered")
		}
	}()
	registerMethod(method{name: "userpass"})
}
