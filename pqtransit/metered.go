package pqtransit

import (
	"context"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/metrics"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// metered has every operation of every path recorded, single and batch.
func (b *pqBackend) metered(paths []*framework.Path) []*framework.Path {
	for _, path := range paths {
		for method, handler := range path.Operations {
			operation, ok := handler.(*framework.PathOperation)
			if !ok {
				continue
			}
			metered := *operation // encrypt has one for both of its methods
			metered.Callback = b.recorded(metrics.Request{Operation: pathWords(path.Pattern), Method: methodName(method)}, operation.Callback)
			path.Operations[method] = &metered
		}
	}
	return paths
}

func (b *pqBackend) recorded(request metrics.Request, run framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, r *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		start := b.rotation.now()
		response, err := run(ctx, r, data)
		seen := request // many run at once
		seen.Type = b.typeNamed(data)
		b.metrics.Record(seen, b.rotation.now().Sub(start), err != nil || response.IsError() || hasFailed(response))
		return response, err
	}
}

// typeNamed is the algorithm of the latest version of the key that a request names, if it is in
// memory, as that of every key is that was just used.
func (b *pqBackend) typeNamed(data *framework.FieldData) string {
	if _, declared := data.Schema["name"]; !declared {
		return ""
	}
	name, _ := data.Raw["name"].(string)
	if key := b.keys.Cached(name); key != nil {
		return key.Suite().Name
	}
	return ""
}

// hasFailed reports whether a batch's status says that items failed.
func hasFailed(response *logical.Response) bool {
	if response == nil {
		return false
	}
	status, ok := response.Data[logical.HTTPStatusCode].(int)
	return ok && status >= 400
}

var (
	pathParameter = regexp.MustCompile(`\(.*\)\??`)
	pathName      = regexp.MustCompile(`\w[\w-]*`)
)

// pathWords are the fixed words of a path's pattern, such as keys/rotate.
func pathWords(pattern string) string {
	var words []string
	for part := range strings.SplitSeq(strings.ReplaceAll(pattern, framework.GenericNameRegex("name"), ""), "/") {
		// A parameter of another name has its pattern up to the end.
		fixed, _, isParameter := strings.Cut(pathParameter.ReplaceAllString(part, "("), "(")
		if word := pathName.FindString(fixed); word != "" {
			words = append(words, word)
		}
		if isParameter {
			break
		}
	}
	return strings.Join(words, "/")
}

// methodName makes one of create and update, between which only encrypt tells.
func methodName(method logical.Operation) string {
	if method == logical.CreateOperation {
		return string(logical.UpdateOperation)
	}
	return string(method)
}

// metricSource is what the mount has at the time of a scrape.
func (b *pqBackend) metricSource() metrics.Source {
	return metrics.Source{
		Cached:    b.keys.CachedKeys,
		Inventory: b.looking.last.Load,
		Uses: func() []metrics.Uses {
			var all []metrics.Uses
			for _, algorithm := range suite.All() {
				protected, processed := b.keys.SuiteUses(algorithm)
				if protected+processed > 0 {
					all = append(all, metrics.Uses{Type: algorithm.Name, Protected: float64(protected), Processed: float64(processed)})
				}
			}
			return all
		},
	}
}
