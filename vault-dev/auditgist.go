package vaultdev

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// auditLines is how many answers PrintAudit shows.
const auditLines = 40

// AuditEntry is what we read of a line of Vault's audit log.
type AuditEntry struct {
	Time    string `json:"time"`
	Type    string `json:"type"` // "request" or "response"
	Error   string `json:"error"`
	Request struct {
		ID            string `json:"id"`
		Operation     string `json:"operation"`
		Path          string `json:"path"`
		RemoteAddress string `json:"remote_address"`
	} `json:"request"`
}

// Audit reads the audit log from its beginning.
func (c Config) Audit() ([]AuditEntry, error) {
	file, err := os.Open(c.AuditLog())
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %v", err)
	}
	defer func() { _ = file.Close() }() // only read
	var entries []AuditEntry
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return entries, nil // Vault may be in the middle of the last line
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %v", err)
		}
		var entry AuditEntry
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, fmt.Errorf("the audit log has a line that is not JSON: %v", err)
		}
		entries = append(entries, entry)
	}
}

// PrintAudit prints the gist of the last answers of our mounts.
func (c Config) PrintAudit(context.Context) error {
	entries, err := c.Audit()
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(entries, func(e AuditEntry) bool {
		return e.Type != "response" || !strings.HasPrefix(e.Request.Path, "pqtransit/") && !strings.HasPrefix(e.Request.Path, "auth/threatauth/")
	})
	for _, e := range ours[max(0, len(ours)-auditLines):] {
		clock, _, _ := strings.Cut(e.Time[strings.Index(e.Time, "T")+1:], ".")
		// The error, which may have several lines, is put on this one.
		_, err := fmt.Fprintf(c.Out, "%s %-15s %-6s %s %s %s\n", clock, e.Request.RemoteAddress, e.Request.Operation, e.Request.ID, e.Request.Path, strings.Join(strings.Fields(e.Error), " "))
		if err != nil {
			return fmt.Errorf("printing the audit log: %v", err)
		}
	}
	return nil
}
