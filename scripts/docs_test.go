package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documents are the pages that a reader may come to.
var documents = []string{"README.md", "CHANGELOG.md", "docs/*.md", "vault-dev/README.md"}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	golden = regexp.MustCompile("`([a-z0-9/_-]+/testdata/[^`]+)`")
	target = regexp.MustCompile("`make ([a-z0-9-]+)`")
)

func TestLinksLeadSomewhere(t *testing.T) {
	pages := readPages(t)
	links := 0
	for page, text := range pages {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(found[1], "#")
			file := page
			if path != "" {
				file = filepath.Join(filepath.Dir(page), path)
			}
			content, err := os.ReadFile(filepath.Join("..", file))
			if err != nil || anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s links to %s, which is not there", page, found[1])
			}
		}
	}
	if links < 5 {
		t.Errorf("only %d links were found", links)
	}
}

// anchors are the names by which a page's headings are linked to.
func anchors(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			kept := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			names = append(names, strings.ReplaceAll(kept, " ", "-"))
		}
	}
	return names
}

// Every form that docs/formats.md draws is frozen by files that it names, and every golden
// file is named there.
func TestFormatsNameTheirGoldenFiles(t *testing.T) {
	var named []string
	for _, found := range golden.FindAllStringSubmatch(readPages(t)["docs/formats.md"], -1) {
		pattern := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(found[1], "*")
		if strings.HasSuffix(pattern, "/") {
			pattern += "*"
		}
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("docs/formats.md names %s, which is not there", found[1])
		}
		named = append(named, files...)
	}
	goldens, err := exec.CommandContext(t.Context(), "find", "..", "-path", "*/testdata/*golden*", "-type", "f").Output()
	if err != nil || len(named) < 10 {
		t.Fatalf("%d files named, %v", len(named), err)
	}
	for file := range strings.FieldsSeq(string(goldens)) {
		if !slices.Contains(named, file) {
			t.Errorf("%s is not named in docs/formats.md", file)
		}
	}
}

func TestReadmeListsTheMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, found := range regexp.MustCompile(`(?m)^([a-z0-9-]+):.*## `).FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, found[1])
	}
	var listed []string
	for line := range strings.Lines(readPages(t)["README.md"]) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if strings.HasPrefix(line, "| ") {
			for _, found := range target.FindAllStringSubmatch(cell, -1) {
				listed = append(listed, found[1])
			}
		}
	}
	slices.Sort(targets)
	slices.Sort(listed)
	// `make` alone and the packages that others call are not for a table.
	targets = slices.DeleteFunc(targets, func(name string) bool { return name == "help" || name == "deps" })
	if diff := cmp.Diff(targets, listed); diff != "" {
		t.Errorf("targets of the Makefile (-) and of the README (+):\n%s", diff)
	}
}

func readPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range documents {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pages[strings.TrimPrefix(file, "../")] = string(content)
		}
	}
	return pages
}
