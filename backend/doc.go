// Package backend is what Palisade's Vault plugins share: the seam between Vault's
// framework and our logic ([Handle]), typed request fields ([Fields]), one error type
// ([Error]), typed storage entries ([Store]) and the plugin's main function ([Serve]).
//
// It imports Vault's sdk and nothing of ours. Path files declare with it and translate;
// they do not decide.
package backend
