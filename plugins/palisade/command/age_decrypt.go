package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/client/agefile"
)

var _ = register(command{
	name:      "age-decrypt",
	synopsis:  "Open a file that was encrypted with age to a key in Vault",
	arguments: "MOUNT/KEY [FILE]",
	raw:       true,
	description: `
Decrypts FILE, or standard input, that age 1.3 or later or any age library has encrypted to the
recipient (age1pq1...) of a key of type x25519-mlkem768; palisade age-identity shows it. Encrypting
needs neither Vault nor a token. The private key stays in Vault, and the file stays here: only the
part of its header that holds the encrypted file key is sent.

Binary and armored files are read. The plaintext is written as it is decrypted; if the file turns out
to be damaged or cut off, the command fails, and with -output leaves no file.

The token needs update on MOUNT/age-unwrap/KEY. The exit code is 0, or 1 and 2 when the file could
not be opened.`,
	examples: []example{
		{"Encrypt offline, and decrypt with the key in Vault", `age -r age1pq1... -o report.pdf.age report.pdf
palisade age-decrypt -output=report.pdf pqtransit/files report.pdf.age`},
		{"As a filter", "palisade age-decrypt pqtransit/files <backup.tar.age | tar x"},
	},
	build: func(set *flag.FlagSet) run {
		output := set.String("output", "-", "`File` to write, which must not exist; - is standard output.")
		return func(ctx context.Context, c *call) error { return c.ageDecrypt(ctx, *output) }
	},
})

func (c *call) ageDecrypt(ctx context.Context, output string) (err error) {
	identity, err := c.ageIdentity(ctx, c.arguments[0])
	if err != nil {
		return err
	}
	in := c.process.In
	if len(c.arguments) > 1 && c.arguments[1] != "-" {
		file, err := os.Open(c.arguments[1])
		if err != nil {
			return fmt.Errorf("opening the input: %v", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	plaintext, err := agefile.Decrypt(identity, in)
	if err != nil {
		return err
	}
	if output == "-" {
		return copyPlaintext(c.process.Out, plaintext)
	}
	return writeNew(output, plaintext)
}

// ageIdentity is the key of a path such as transit/files, of the user's Vault.
func (c *call) ageIdentity(ctx context.Context, path string) (*agefile.Identity, error) {
	mount, key, err := client.SplitKey(path)
	if err != nil {
		return nil, usagef("%v", err)
	}
	vault, err := c.client()
	if err != nil {
		return nil, err
	}
	return &agefile.Identity{Context: ctx, Mount: client.NewMount(vault, mount), Key: key}, nil
}

func copyPlaintext(out io.Writer, plaintext io.Reader) error {
	if _, err := io.Copy(out, plaintext); err != nil {
		return fmt.Errorf("decrypting the file: %v", err)
	}
	return nil
}

// writeNew leaves a whole file or none.
func writeNew(path string, plaintext io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("creating the output: %v", err)
	}
	err = errors.Join(copyPlaintext(file, plaintext), file.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
