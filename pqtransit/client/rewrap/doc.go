// Package rewrap moves a whole file of ciphertexts to another version of their key, line by
// line, through a mount's rewrap path. What it writes is the input with each ciphertext
// replaced, in the same order; an interrupted run goes on where its last checkpoint is.
package rewrap
