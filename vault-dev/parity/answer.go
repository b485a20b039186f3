package parity

import (
	"fmt"
	"strings"
)

// Answer is what an engine answered.
type Answer struct {
	// Status is HTTP's; 0 where the connection was dropped, as it is when the engine panics.
	Status int
	// Body is the JSON of the answer, numbers as written; nil for none.
	Body map[string]any
}

// Data is the answer's data; nil for none.
func (a Answer) Data() map[string]any {
	data, _ := a.Body["data"].(map[string]any)
	return data
}

// Failed reports whether the answer is an error and no result, also no partial one.
func (a Answer) Failed() bool { return a.Status == 0 || a.Body["errors"] != nil }

// Class is how the answer counts: its status, or "dropped".
func (a Answer) Class() string {
	if a.Status == 0 {
		return "dropped"
	}
	return fmt.Sprint(a.Status)
}

// Outcome is the class and, of an error, its text.
func (a Answer) Outcome() string {
	list, _ := a.Body["errors"].([]any)
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = strings.TrimSpace(fmt.Sprint(text))
	}
	return strings.TrimSpace(a.Class() + " " + strings.Join(texts, "; "))
}
