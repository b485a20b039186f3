package threatauth

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/intel"
)

// maxFeeds bounds how many feeds a mount has: each login looks into every one.
const maxFeeds = 64

func pathFeeds(b *Backend) []*framework.Path {
	return []*framework.Path{pathFeedList(b), pathFeed(b)}
}

const (
	feedHelp            = "Reputation feeds: lists of addresses that logins are checked against."
	feedHelpDescription = `
A write replaces the whole feed at once; a text that does not parse changes
nothing. What a listed source gets is said in "risk/config" (actions).`
)

func pathFeedList(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/feeds/?",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.listFeeds), Summary: "List the feeds.",
				Responses: listAnswer("Names of the feeds."),
			},
		},
		HelpSynopsis: feedHelp, HelpDescription: feedHelpDescription,
	}
}

func pathFeed(b *Backend) *framework.Path {
	read := map[int][]framework.Response{200: {{Description: "What is known of the feed.", Fields: feedAnswer()}}}
	return &framework.Path{
		Pattern: "risk/feeds/" + framework.GenericNameRegex("name"),
		Fields:  feedFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeFeed, b.writeFeed), Summary: "Load a feed.", Responses: read,
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeFeedName, b.readFeed), Summary: "Read what is known of a feed.", Responses: read,
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeFeedName, b.deleteFeed), Summary: "Remove a feed.", Responses: noContent,
			},
		},
		HelpSynopsis: feedHelp, HelpDescription: feedHelpDescription,
	}
}

var fieldFeedName = &framework.FieldSchema{Type: framework.TypeString, Description: "Name of the feed."}

func feedFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"name":      fieldFeedName,
		"content":   {Type: framework.TypeString, Description: "The feed's text, at most 1 MiB."},
		"format":    {Type: framework.TypeString, Default: "ipsum", Description: "Form of the text: " + formatDocs() + "."},
		"min_count": {Type: framework.TypeInt, Default: 0, Description: `Leave out entries of a lower level. 0 takes the format's default: 3 for "ipsum".`},
		"version":   {Type: framework.TypeString, Description: "State of the feed, such as its date; it appears in decisions."},
		"source":    {Type: framework.TypeString, Description: "Where the feed was taken from."},
	}
}

func formatDocs() string {
	var docs []string
	for _, f := range intel.Formats() {
		docs = append(docs, `"`+f.Name+`" (`+f.Doc+")")
	}
	return strings.Join(docs, ", ")
}

func feedAnswer() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"format":    {Type: framework.TypeString, Description: "Form of the text."},
		"version":   {Type: framework.TypeString, Description: "State of the feed."},
		"source":    {Type: framework.TypeString, Description: "Where it was taken from."},
		"min_count": {Type: framework.TypeInt, Description: "Entries of a lower level are left out."},
		"loaded":    {Type: framework.TypeString, Description: "When it was written (RFC 3339)."},
		"sha256":    {Type: framework.TypeString, Description: "SHA-256 of the text, in hexadecimal."},
		"bytes":     {Type: framework.TypeInt, Description: "Length of the text."},
		"entries":   {Type: framework.TypeInt, Description: "Addresses and networks that are looked up."},
		"skipped":   {Type: framework.TypeInt, Description: "Entries left out because they lie in no public address space."},
	}
}

type feedWrite struct {
	meta    intel.Meta
	content string
}

func decodeFeedName(f *backend.Fields) string {
	name := f.String("name")
	if len(name) > 64 || strings.Contains(name, "..") {
		f.Fail(`a feed's name has at most 64 bytes and no ".."`)
	}
	return name
}

func decodeFeed(f *backend.Fields) feedWrite {
	meta := intel.Meta{
		Name:     decodeFeedName(f),
		Format:   f.String("format"),
		Version:  decodeText(f, "version"),
		Source:   decodeText(f, "source"),
		MinLevel: decodeRange(f, "min_count", 0, intel.MaxLevel),
	}
	format, ok := intel.LookupFormat(meta.Format)
	if !ok {
		f.Fail("format must be one of: %s", formatDocs())
	}
	if meta.MinLevel == 0 {
		meta.MinLevel = format.MinLevel
	}
	if f.String("content") == "" {
		f.Fail("content is missing")
	}
	return feedWrite{meta: meta, content: f.String("content")}
}

func (b *Backend) listFeeds(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	names, err := b.feeds.store.Names(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (b *Backend) writeFeed(ctx context.Context, r *logical.Request, w feedWrite) (*logical.Response, error) {
	w.meta.Loaded = b.options.Now().UTC()
	feed, err := intel.Build(w.meta, w.content)
	if err != nil {
		return nil, backend.Invalid("feed %s: %v", w.meta.Name, err)
	}
	err = b.feeds.change(ctx, r.Storage, func(store *intel.Store) error {
		if err := roomForFeed(ctx, r.Storage, store, w.meta.Name); err != nil {
			return err
		}
		feed, err = store.Put(ctx, r.Storage, feed, w.content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: feedData(feed.Meta)}, nil
}

func roomForFeed(ctx context.Context, storage logical.Storage, store *intel.Store, name string) error {
	names, err := store.Names(ctx, storage)
	if err != nil {
		return err
	}
	meta, err := store.Meta(ctx, storage, name)
	if err == nil && meta == nil && len(names) >= maxFeeds {
		return backend.Invalid("the mount has %d feeds already", maxFeeds)
	}
	return err
}

func (b *Backend) readFeed(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	meta, err := b.feeds.store.Meta(ctx, r.Storage, name)
	if err != nil || meta == nil {
		return nil, err
	}
	return &logical.Response{Data: feedData(*meta)}, nil
}

func (b *Backend) deleteFeed(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	return nil, b.feeds.change(ctx, r.Storage, func(store *intel.Store) error {
		return store.Delete(ctx, r.Storage, name)
	})
}

func feedData(m intel.Meta) map[string]any {
	return map[string]any{
		"format":    m.Format,
		"version":   m.Version,
		"source":    m.Source,
		"min_count": m.MinLevel,
		"loaded":    timeText(m.Loaded),
		"sha256":    m.SHA256,
		"bytes":     m.Bytes,
		"entries":   m.Entries,
		"skipped":   m.Skipped,
	}
}
