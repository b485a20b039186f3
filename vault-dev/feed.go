package vaultdev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/vault/api"
)

// feedPath is where the reputation list is loaded.
const feedPath = "auth/threatauth/risk/feeds/ipsum"

// FeedFile is the reputation list that is loaded, in ipsum's format.
func (c Config) FeedFile() string {
	return filepath.Join(c.Root, "threatauth", "intel", "testdata", "ipsum-top3000.txt")
}

// ensureFeed loads the reputation list unless it is loaded already.
func (c Config) ensureFeed(ctx context.Context, client *api.Client) error {
	known, err := client.Logical().ReadWithContext(ctx, feedPath)
	if err != nil {
		return fmt.Errorf("reading the feed: %v", err)
	}
	if known != nil {
		return nil
	}
	content, err := os.ReadFile(c.FeedFile())
	if err != nil {
		return fmt.Errorf("reading the reputation list: %v", err)
	}
	c.say("loading the ipsum reputation list into threatauth")
	_, err = client.Logical().WriteWithContext(ctx, feedPath, map[string]any{"format": "ipsum", "content": string(content)})
	if err != nil {
		return fmt.Errorf("loading the feed: %v", err)
	}
	return nil
}
