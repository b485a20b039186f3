package e2e_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// Through fifty rotations, every tenth to another type, and with a limit that makes more of
// them in between, no request fails, single or in a batch.
func TestRotationWithoutDowntime(t *testing.T) {
	t.Parallel()
	client, key := root(t), uniqueName(t)
	client.SetMaxRetries(0) // which would hide a failure
	write(t, client, "pqtransit/keys/"+key, object{"auto_rotate_max_operations": 1000})
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	var requests atomic.Int64
	rotated := make(chan struct{})
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-rotated:
					return
				default:
				}
				if err := useKey(ctx, client, key, fmt.Sprint(worker, round), worker%2 == 0); err != nil {
					t.Error(err)
					return
				}
				requests.Add(2)
			}
		})
	}
	for number := range 50 {
		change := object{}
		if number%10 == 9 {
			change = object{"type": []string{"x25519-mlkem768", "aes256-gcm96"}[number/10%2], "allow_unauthenticated_encryption": true}
		}
		write(t, client, "pqtransit/keys/"+key+"/rotate", change)
	}
	close(rotated)
	group.Wait()
	history, _ := read(t, client, "pqtransit/keys/"+key+"/history")["history"].([]any)
	reasons := map[any]int{}
	for _, record := range history {
		reasons[record.(object)["reason"]]++
	}
	t.Logf("%d requests through %d versions: %v", requests.Load(), len(history), reasons)
	if reasons["request"] != 50 || requests.Load() < 50 {
		t.Errorf("%d requests, %v", requests.Load(), reasons)
	}
}

// useKey encrypts and decrypts, one text or twenty at once.
func useKey(ctx context.Context, client *api.Client, key, text string, batch bool) error {
	if !batch {
		sealed, err := client.Logical().WriteWithContext(ctx, "pqtransit/encrypt/"+key, object{"plaintext": b64(text)})
		if err != nil {
			return err
		}
		opened, err := client.Logical().WriteWithContext(ctx, "pqtransit/decrypt/"+key, object{"ciphertext": sealed.Data["ciphertext"]})
		if err != nil {
			return err
		}
		return same(opened.Data["plaintext"], text)
	}
	input := make([]object, 20)
	for i := range input {
		input[i] = object{"plaintext": b64(text)}
	}
	sealed, err := client.Logical().WriteWithContext(ctx, "pqtransit/encrypt/"+key, object{"batch_input": input})
	if err != nil {
		return err
	}
	for i, result := range sealed.Data["batch_results"].([]any) {
		input[i] = object{"ciphertext": result.(object)["ciphertext"]}
	}
	opened, err := client.Logical().WriteWithContext(ctx, "pqtransit/decrypt/"+key, object{"batch_input": input})
	if err != nil {
		return err
	}
	for _, result := range opened.Data["batch_results"].([]any) {
		if err := same(result.(object)["plaintext"], text); err != nil {
			return err
		}
	}
	return nil
}

func same(got any, text string) error {
	if got != b64(text) {
		return fmt.Errorf("decrypted %v, want %q", got, text)
	}
	return nil
}

// The journal and the history on the real Vault, whose periodic call comes once a minute: the
// limit makes a rotation that nobody has to wait for.
func TestJournalOfTheRealVault(t *testing.T) {
	t.Parallel()
	client, key := root(t), uniqueName(t)
	write(t, client, "pqtransit/keys/"+key, object{"auto_rotate_max_operations": 1000})
	input := make([]object, 600)
	for i := range input {
		input[i] = object{"plaintext": b64("x")}
	}
	for range 2 {
		write(t, client, "pqtransit/encrypt/"+key, object{"batch_input": input})
	}
	journal := read(t, client, "pqtransit/journal/verify")
	if journal["valid"] != true {
		t.Error(journal)
	}
	secret, err := client.Logical().ReadWithDataWithContext(t.Context(), "pqtransit/journal", map[string][]string{"limit": {"1000"}})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, entry := range secret.Data["entries"].([]any) {
		entry := entry.(object)
		found = found || (entry["subject"] == key && entry["kind"] == "key-rotated" && entry["details"].(object)["reason"] == "operations")
	}
	if !found {
		t.Errorf("no entry of %s in %v", key, secret.Data)
	}
}
