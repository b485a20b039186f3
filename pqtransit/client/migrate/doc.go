// Package migrate copies keys from one mount of the transit API to another: by backup and
// restore where a key allows it, else through the other mount's wrapping key, version by
// version. Either engine may serve either mount, in one Vault or two. No key is written
// anywhere but to the other mount, and the source keeps all of its own.
//
// There is no record of how far a run came: a key that is in the destination already is held
// against the source's by test ciphertexts and signatures, and what is missing of it is added.
package migrate
