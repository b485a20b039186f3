// Package bench measures secrets engines of transit's API side by side in one real Vault:
// the built-in transit, the same engine as an external plugin, pqtransit, and a plugin that
// does nothing, which is the floor that Vault's plugin boundary sets. They take turns, slice
// by slice, so that what else the machine does hits all of them alike, and only ratios of
// one turn count. The bare cryptography is measured in the same turns, in this process, so
// that a target can be stated as the floor plus what the mathematics costs.
package bench
