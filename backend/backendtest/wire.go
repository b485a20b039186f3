package backendtest

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/protobuf/proto"
)

// overWire is the request as the plugin process sees it: numbers are float64, and only what
// the protocol carries is there.
func (m *Mount) overWire(request *logical.Request) *logical.Request {
	m.t.Helper()
	message, err := pb.LogicalRequestToProtoRequest(request)
	if err != nil {
		m.t.Fatalf("request to the wire: %v", err)
	}
	received, err := pb.ProtoRequestToLogicalRequest(through(m.t, message, &pb.Request{}))
	if err != nil {
		m.t.Fatalf("request from the wire: %v", err)
	}
	received.Storage = m.Storage
	return received
}

func (m *Mount) responseOverWire(response *logical.Response) *logical.Response {
	m.t.Helper()
	if response == nil {
		return nil
	}
	message, err := pb.LogicalResponseToProtoResponse(response)
	if err != nil {
		m.t.Fatalf("response to the wire: %v", err)
	}
	received, err := pb.ProtoResponseToLogicalResponse(through(m.t, message, &pb.Response{}))
	if err != nil {
		m.t.Fatalf("response from the wire: %v", err)
	}
	return received
}

// errorOverWire is the error as Vault sees it: a wrapped sentinel has lost its identity.
func errorOverWire(err error) error {
	if err == nil {
		return nil
	}
	return pb.ProtoErrToErr(pb.ErrToProtoErr(err))
}

func through[M proto.Message](t testing.TB, sent proto.Message, received M) M {
	t.Helper()
	body, err := proto.Marshal(sent)
	if err != nil {
		t.Fatalf("marshal %T: %v", sent, err)
	}
	if err := proto.Unmarshal(body, received); err != nil {
		t.Fatalf("unmarshal %T: %v", received, err)
	}
	return received
}
