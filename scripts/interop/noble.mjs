// node noble.mjs OURS > theirs.json: noble-post-quantum's hybrid KEMs. It reads the keys that
// main.go wrote, recovers what was encapsulated to them, and encapsulates to them.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { ml_kem768_p256, ml_kem768_x25519, ml_kem1024_p384 } from '@noble/post-quantum/hybrid.js'

const check = (ok, what) => { if (!ok) throw new Error(what) }
const b64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => new Uint8Array(Buffer.from(text, 'base64'))
const equal = (a, b) => Buffer.from(a).equals(Buffer.from(b))
const mechanisms = { 'p256-mlkem768': ml_kem768_p256, 'p384-mlkem1024': ml_kem1024_p384, 'x25519-mlkem768': ml_kem768_x25519 }

function read(ours) {
  const kem = mechanisms[ours.suite]
  const pair = kem.keygen(bytes(ours.private))
  check(equal(pair.publicKey, bytes(ours.public)), `${ours.suite}: another public key`)
  check(equal(kem.decapsulate(bytes(ours.ciphertext), pair.secretKey), bytes(ours.secret)), `${ours.suite}: another secret`)
  const made = kem.encapsulate(pair.publicKey)
  return { suite: ours.suite, private: ours.private, public: ours.public, secret: b64(made.sharedSecret), ciphertext: b64(made.cipherText) }
}

const version = createRequire(import.meta.url).resolve('@noble/post-quantum/hybrid.js').replace(/hybrid\.js$/, 'package.json')
const all = JSON.parse(readFileSync(process.argv[2])).filter(key => key.suite in mechanisms)
console.log(JSON.stringify({ implementation: `noble-post-quantum ${JSON.parse(readFileSync(version)).version}`, read: all.map(read) }))
