// node node.mjs OURS > theirs.json: Node.js's own crypto, which is OpenSSL's. It reads the keys
// that main.go wrote, checks what they made, and makes as much with keys of its own.
import * as crypto from 'node:crypto'
import { readFileSync } from 'node:fs'

const check = (ok, what) => { if (!ok) throw new Error(what) }
const b64 = bytes => Buffer.from(bytes).toString('base64')
const message = Buffer.from('signed by OpenSSL')

function read(ours) {
  const privateKey = crypto.createPrivateKey(ours.private_pem)
  const publicKey = crypto.createPublicKey(ours.public_pem)
  check(crypto.createPublicKey(privateKey).equals(publicKey), `${ours.suite}: the halves do not belong together`)
  check(publicKey.export({ type: 'spki', format: 'pem' }) === ours.public_pem, `${ours.suite}: another encoding`)
  let jwk = false
  if (ours.jwk) {
    try {
      jwk = crypto.createPublicKey({ key: ours.jwk, format: 'jwk' }).equals(publicKey)
      check(jwk, `${ours.suite}: its JWK is another key`)
    } catch (error) {
      if (error.code !== 'ERR_INVALID_ARG_VALUE' && error.code !== 'ERR_CRYPTO_INVALID_JWK') throw error
    }
  }
  const read = { suite: ours.suite, private_pem: ours.private_pem, public_pem: ours.public_pem, jwk: jwk ? ours.jwk : undefined }
  if (ours.signature) {
    check(crypto.verify(null, Buffer.from(ours.message, 'base64'), publicKey, Buffer.from(ours.signature, 'base64')), `${ours.suite}: our signature`)
    return { ...read, message: b64(message), signature: b64(crypto.sign(null, message, privateKey)) }
  }
  const secret = crypto.decapsulate(privateKey, Buffer.from(ours.ciphertext, 'base64'))
  check(secret.equals(Buffer.from(ours.secret, 'base64')), `${ours.suite}: another secret`)
  const made = crypto.encapsulate(publicKey)
  return { ...read, secret: b64(made.sharedKey), ciphertext: b64(made.ciphertext) }
}

function make(suite) {
  const { privateKey, publicKey } = crypto.generateKeyPairSync(suite)
  const made = {
    suite,
    private_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    public_pem: publicKey.export({ type: 'spki', format: 'pem' }),
  }
  if (suite.startsWith('ml-kem')) {
    const { sharedKey, ciphertext } = crypto.encapsulate(publicKey)
    return { ...made, secret: b64(sharedKey), ciphertext: b64(ciphertext) }
  }
  return { ...made, message: b64(message), signature: b64(crypto.sign(null, message, privateKey)) }
}

const known = name => /^(ml-dsa|ml-kem|slh-dsa)-/.test(name)
const all = JSON.parse(readFileSync(process.argv[2])).filter(key => known(key.suite))
console.log(JSON.stringify({
  implementation: `Node.js ${process.versions.node} with OpenSSL ${process.versions.openssl}`,
  read: all.map(read),
  made: all.map(key => make(key.suite)),
}))
