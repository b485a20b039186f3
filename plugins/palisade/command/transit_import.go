package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/client/keyfile"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const (
	defaultWrapping = "x25519-mlkem768"
	rsaWrapping     = "rsa-4096"
)

// maxKeyFile is far above any key, in bytes.
const maxKeyFile = 1 << 20

// importOptions are the flags that both imports have.
type importOptions struct {
	wrapping, encoding string
	public             bool
	target             client.ImportTarget
}

func (o *importOptions) declare(set *flag.FlagSet) {
	set.StringVar(&o.wrapping, "wrapping-type", defaultWrapping,
		"`Type` of the mount's wrapping key: "+strings.Join(wrappings(), ", ")+".")
	set.StringVar(&o.encoding, "encoding", keyfile.Auto, "`Encoding` of the file: "+strings.Join(keyfile.Encodings(), ", ")+".")
	set.BoolVar(&o.public, "public", false, "The file holds a public key: PEM, base64 or a JSON Web Key.")
}

func wrappings() []string { return append(suite.WrappingTypes(), rsaWrapping) }

func (o *importOptions) check() error {
	switch {
	case !slices.Contains(wrappings(), o.wrapping):
		return usagef("-wrapping-type must be one of %s", strings.Join(wrappings(), ", "))
	case !slices.Contains(keyfile.Encodings(), o.encoding):
		return usagef("-encoding must be one of %s", strings.Join(keyfile.Encodings(), ", "))
	}
	return nil
}

// imported is the result.
type imported struct {
	Key        string `json:"key"`
	Type       string `json:"type"`
	KeyVersion int    `json:"key_version"`
	WrappedTo  string `json:"wrapped_to,omitempty"`
	KeyID      string `json:"wrapping_key_id,omitempty"`
}

// run imports; algorithm says what the file's key is.
func (o *importOptions) run(ctx context.Context, c *call, mount *client.Mount, algorithm *suite.Suite) error {
	content, err := c.keyFile()
	if err != nil {
		return err
	}
	defer clear(content)
	found := imported{Key: mount.Path() + "/" + o.target.Name, Type: algorithm.Name}
	field, text := "public_key", string(bytes.TrimSpace(content))
	if o.public {
		if _, err := algorithm.ParsePublicText(text); err != nil {
			return err
		}
	} else {
		field = "ciphertext"
		if text, err = o.wrap(ctx, c, mount, &found, algorithm, content); err != nil {
			return err
		}
	}
	if err := mount.Import(ctx, o.target, field, text); err != nil {
		return err
	}
	key, err := mount.ReadKey(ctx, o.target.Name)
	if err != nil || key == nil {
		return errors.Join(errors.New("the key was imported, and cannot be read"), err)
	}
	found.KeyVersion = key.Latest
	return c.show(found, func(t *table) {
		t.head("Key", "Type", "Version", "Wrapped to", "Wrapping key id")
		t.row(found.Key, found.Type, found.KeyVersion, found.WrappedTo, found.KeyID)
	})
}

// wrap reads the file before it asks Vault, and shows it nothing but the wrapped key.
func (o *importOptions) wrap(ctx context.Context, c *call, mount *client.Mount, found *imported, algorithm *suite.Suite, content []byte) (string, error) {
	key, err := keyfile.Read(algorithm, content, o.encoding)
	if err != nil {
		return "", err
	}
	p := c.progress("reading the wrapping key, which its first reader makes", 0)
	defer p.end()
	wrapping, err := mount.WrappingKeyOf(ctx, o.wrapping)
	if err != nil {
		return "", err
	}
	found.WrappedTo, found.KeyID = o.wrapping, wrapping.KeyID
	if o.wrapping == rsaWrapping {
		return keyfile.WrapRSA(wrapping.PublicKey, key)
	}
	return keyfile.WrapHPKE(o.wrapping, wrapping.PublicKey, algorithm, key)
}

// keyFile reads the second argument, or standard input.
func (c *call) keyFile() (content []byte, err error) {
	in := c.process.In
	if len(c.arguments) > 1 && c.arguments[1] != "-" {
		file, err := os.Open(c.arguments[1])
		if err != nil {
			return nil, fmt.Errorf("opening the key: %v", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	content, err = io.ReadAll(io.LimitReader(in, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the key: %v", err)
	case len(content) > maxKeyFile:
		return nil, errors.New("the file is too long for a key")
	}
	return content, nil
}

// keyPath is the mount and key of the first argument.
func (c *call) keyPath() (mount *client.Mount, key string, err error) {
	path, key, err := client.SplitKey(c.arguments[0])
	if err != nil {
		return nil, "", usagef("%v", err)
	}
	vault, err := c.client()
	if err != nil {
		return nil, "", err
	}
	return client.NewMount(vault, path), key, nil
}
