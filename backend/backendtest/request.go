package backendtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/hashicorp/vault/sdk/logical"
)

// Answer is what a client of real Vault would see of one request.
type Answer struct {
	// Status is the HTTP status: 200, 204, or the error's.
	Status int
	// Message is the error text, "" on success.
	Message string
	// Data is the answer's data; also that of a raw JSON answer such as a batch with failures.
	Data map[string]any
	// Response is the whole answer, nil on 204 and on errors without one.
	Response *logical.Response
	// RequestID is the id that Vault would have given the request.
	RequestID string
}

// Write is POST.
func (m *Mount) Write(path string, data map[string]any) *Answer {
	m.t.Helper()
	return m.Do(m.t.Context(), logical.UpdateOperation, path, data)
}

// Read is GET.
func (m *Mount) Read(path string) *Answer {
	m.t.Helper()
	return m.Do(m.t.Context(), logical.ReadOperation, path, nil)
}

// List is LIST.
func (m *Mount) List(path string) *Answer {
	m.t.Helper()
	return m.Do(m.t.Context(), logical.ListOperation, path, nil)
}

// Delete is DELETE.
func (m *Mount) Delete(path string) *Answer {
	m.t.Helper()
	return m.Do(m.t.Context(), logical.DeleteOperation, path, nil)
}

// MustWrite is [Mount.Write], and the test fails unless it succeeds.
func (m *Mount) MustWrite(path string, data map[string]any) *Answer {
	m.t.Helper()
	return m.must(path, m.Write(path, data))
}

// MustRead is [Mount.Read], and the test fails unless it succeeds.
func (m *Mount) MustRead(path string) *Answer {
	m.t.Helper()
	return m.must(path, m.Read(path))
}

func (m *Mount) must(path string, answer *Answer) *Answer {
	m.t.Helper()
	if answer.Status >= http.StatusBadRequest {
		m.t.Fatalf("%s: status %d: %s", path, answer.Status, answer.Message)
	}
	return answer
}

// Do sends one request of any operation. As Vault does, it first turns an update into a
// create when the path has an existence check that finds nothing. Operations that no HTTP
// client sends, such as logical.AliasLookaheadOperation, work too. It may be called by many
// goroutines at once.
func (m *Mount) Do(ctx context.Context, operation logical.Operation, path string, data map[string]any) *Answer {
	m.t.Helper()
	request := m.Template
	request.ID = uuid.NewString()
	request.Operation, request.Path = operation, path
	request.Data = maps.Clone(data)
	return m.Send(ctx, &request)
}

// Send sends a request that the test has built itself, such as a renewal with its Auth.
func (m *Mount) Send(ctx context.Context, request *logical.Request) *Answer {
	m.t.Helper()
	if request.Operation == logical.UpdateOperation {
		checked, exists, err := m.backend.HandleExistenceCheck(ctx, m.overWire(request))
		if err != nil {
			return m.answer(request, nil, errorOverWire(err))
		}
		if checked && !exists {
			request.Operation = logical.CreateOperation
		}
	}
	response, err := m.backend.HandleRequest(ctx, m.overWire(request))
	return m.answer(request, m.responseOverWire(response), errorOverWire(err))
}

func (m *Mount) answer(request *logical.Request, response *logical.Response, err error) *Answer {
	m.t.Helper()
	answer := &Answer{Response: response, RequestID: request.ID, Status: http.StatusOK}
	status, failure := logical.RespondErrorCommon(request, response, err)
	switch {
	case failure != nil:
		logical.AdjustErrorStatusCode(&status, failure)
		answer.Status, answer.Message = status, m.asCore(request, response, failure)
	case status != 0:
		answer.Status = status
	case response == nil:
		answer.Status = http.StatusNoContent
	default:
		m.fill(answer, response)
	}
	m.checkSchema(request, answer)
	return answer
}

// asCore is an error's text as core leaves it: around one that is not an error response it
// puts a frame, but for login paths.
func (m *Mount) asCore(request *logical.Request, response *logical.Response, failure error) string {
	if response.IsError() || m.unauthenticated(request.Path) {
		return failure.Error()
	}
	return fmt.Sprintf("1 error occurred:\n\t* %v\n\n", failure)
}

func (m *Mount) unauthenticated(path string) bool {
	special := m.backend.SpecialPaths()
	return special != nil && slices.ContainsFunc(special.Unauthenticated, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return path == pattern || open && strings.HasPrefix(path, prefix)
	})
}

// fill reads a raw answer (logical.RespondWithStatusCode) as an HTTP client would.
func (m *Mount) fill(answer *Answer, response *logical.Response) {
	m.t.Helper()
	answer.Data = response.Data
	status, raw := response.Data[logical.HTTPStatusCode].(float64)
	if !raw {
		return
	}
	answer.Status, answer.Data = int(status), nil
	body, _ := response.Data[logical.HTTPRawBody].(string)
	kind, _ := response.Data[logical.HTTPContentType].(string)
	if strings.TrimSpace(body) == "" || strings.HasPrefix(kind, "text/") {
		return
	}
	var parsed struct {
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &parsed); err != nil {
		m.t.Fatalf("raw answer is not JSON: %v", err)
	}
	answer.Data = parsed.Data
}
