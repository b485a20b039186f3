package backendtest

import (
	"maps"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// checkSchema fails the test when a successful answer differs from what its path declares
// for that status: clients' generated code and the OpenAPI document rest on it.
func (m *Mount) checkSchema(request *logical.Request, answer *Answer) {
	m.t.Helper()
	router, ok := m.backend.(interface {
		Route(path string) *framework.Path
	})
	if !ok || answer.Status >= 300 {
		return
	}
	path := router.Route(request.Path)
	if path == nil || path.Operations[request.Operation] == nil {
		return
	}
	declared := path.Operations[request.Operation].Properties().Responses[answer.Status]
	if len(declared) == 0 {
		m.t.Errorf("%s %s: path %q declares no response of status %d", request.Operation, request.Path, path.Pattern, answer.Status)
		return
	}
	data := framework.FieldData{Raw: maps.Clone(answer.Data), Schema: declared[0].Fields}
	if err := data.ValidateStrict(); err != nil {
		m.t.Errorf("%s %s: the answer is not what path %q declares: %v", request.Operation, request.Path, path.Pattern, err)
	}
}
