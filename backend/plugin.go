package backend

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Plugin is a framework backend that keeps callers' values out of errors and logs. The
// framework quotes a value of the wrong type, which for a text parameter may be a plaintext
// or a password; core logs what an existence check answers.
type Plugin struct{ *framework.Backend }

// HandleExistenceCheck looks at the path alone, and leaves the parameters to
// [Plugin.HandleRequest]: a fault found here would be a 500 that quotes the value.
func (p Plugin) HandleExistenceCheck(ctx context.Context, r *logical.Request) (checked, exists bool, err error) {
	byPath := *r
	byPath.Data = nil
	return p.Backend.HandleExistenceCheck(ctx, &byPath)
}

// HandleRequest refuses an object or a list where the path declares text, in the
// framework's words without the value. It gives numbers back the form in which Vault itself
// reads them: the plugin protocol makes floats of them, and the framework would cut off a
// fraction or wrap a number that is too large, where it refuses both inside Vault.
func (p Plugin) HandleRequest(ctx context.Context, r *logical.Request) (*logical.Response, error) {
	path := p.Route(r.Path)
	if path == nil || len(r.Data) == 0 {
		return p.Backend.HandleRequest(ctx, r)
	}
	request := *r
	request.Data = make(map[string]any, len(r.Data))
	for name, value := range r.Data {
		if schema := path.Fields[name]; schema != nil && isText(schema) && !isScalar(value) {
			return logical.ErrorResponse("Field validation failed: '%s' expected type 'string', got unconvertible type '%T'", name, value), nil
		}
		if number, ok := value.(float64); ok {
			value = json.Number(strconv.FormatFloat(number, 'f', -1, 64))
		}
		request.Data[name] = value
	}
	return p.Backend.HandleRequest(ctx, &request)
}

func isText(schema *framework.FieldSchema) bool {
	return schema.Type == framework.TypeString || schema.Type == framework.TypeLowerCaseString || schema.Type == framework.TypeNameString
}

func isScalar(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}
