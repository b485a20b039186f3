package suite_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// vectorFiles are the files of testdata that a test has read.
var vectorFiles sync.Map

func TestMain(m *testing.M) {
	code := m.Run()
	if unread := unreadVectors(); code == 0 && everyTestRan() && len(unread) > 0 {
		_, _ = fmt.Fprintln(os.Stderr, "no test reads", strings.Join(unread, ", "))
		code = 1
	}
	os.Exit(code)
}

// everyTestRan reports whether nobody chose among the tests.
func everyTestRan() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if chosen := flag.Lookup(name); chosen != nil && chosen.Value.String() != "" {
			return false
		}
	}
	return true
}

// unreadVectors are files in the folders of testdata, each a source of known answers.
func unreadVectors() []string {
	var unread []string
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(path string, entry fs.DirEntry, err error) error {
		folder, _ := filepath.Split(path)
		if err != nil || entry.IsDir() || folder == "" || strings.HasPrefix(folder, "fuzz/") {
			return err
		}
		if _, read := vectorFiles.Load(path); !read {
			unread = append(unread, path)
		}
		return nil
	})
	if err != nil {
		return []string{err.Error()}
	}
	return unread
}
