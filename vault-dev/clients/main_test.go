package clients_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
)

// mount is where the engine is.
const mount = "pqtransit"

type object = map[string]any

// vault is a client with the token of the environment, without which every test fails.
func vault(t *testing.T) *api.Client {
	t.Helper()
	for _, name := range []string{"VAULT_ADDR", "VAULT_TOKEN"} {
		if os.Getenv(name) == "" {
			t.Fatalf("%s is not set: these tests need the development Vault, see doc.go", name)
		}
	}
	client, err := api.NewClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func write(t *testing.T, client *api.Client, path string, body object) {
	t.Helper()
	if _, err := client.Logical().WriteWithContext(t.Context(), path, body); err != nil {
		t.Fatal(err)
	}
}

func uniqueName(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("%.80s-%06d", strings.ReplaceAll(strings.ToLower(t.Name()), "/", "-"), rand.IntN(1_000_000))
}
