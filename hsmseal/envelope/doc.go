// Package envelope is the form of what the seal hands to Vault: a payload under
// a fresh data key, and that data key wrapped for one or more HSM tokens. It is
// pure: it knows neither tokens nor HTTP, and takes randomness as an argument.
//
// A blob is sealed in three steps by whoever has tokens at hand:
//
//	key, err := envelope.NewDataKey(rand)      // 32 fresh bytes
//	blob.Wraps = ...                           // each over Blob.WrapAAD
//	err = blob.Seal(tenant, key, plaintext)    // payload bound to all wraps
//
// and opened by Parse, any one unwrap, and Open. The bytes are drawn in
// docs/formats.md and frozen by testdata.
package envelope
