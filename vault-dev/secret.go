package vaultdev

import "crypto/rand"

// secretFile returns the secret in a file, and makes one of 130 random bits
// first when there is none.
func secretFile(path string) (string, error) {
	if !exists(path) {
		if err := writeFile(path, []byte(rand.Text())); err != nil {
			return "", err
		}
	}
	return readSecret(path)
}
