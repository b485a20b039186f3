# What pqtransit may answer differently from the built-in engine: each block is one row of
# docs/transit-compatibility.md. vault-dev/parity/allowed.go says what the fields mean. Every
# example has to show its difference, and every text has to be met, or the test fails.

difference "caller's mistakes, in the same words" {
  row        = "the caller's mistake is not a fault of the server; alarms on 500 should mean something"
  reason     = "a mistake of the caller's is no 500"
  operations = ["encrypt", "rewrap", "sign", "verify", "datakey", "decrypt"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts = [
    "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error",
    "crypto/rsa: input must be hashed( message| with given hash)",
    "requested version for signing is (less than the minimum encryption key version|higher than the latest key version|negative)",
    "requested version for signing does not contain a private part",
    "error deriving key: missing 'context' for key derivation; .*",
    "requested salt length \\d+ is invalid",
    "provided nonce not allowed for this key",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST decrypt/{{n}}k {"ciphertext":"vault:v1:AAAA"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST sign/{{n}}k {"input":"AAAA","prehashed":true}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"input":"","key_version":2}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ecdsa-p256:1}}","type":"ecdsa-p256"}
      POST sign/{{n}}k {"input":""}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519","derived":true}
      POST sign/{{n}}k {"input":""}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST sign/{{n}}k {"input":"","salt_length":"999"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST datakey/plaintext/{{n}}k {"nonce":"YQ=="}
    STEPS
    ,
  ]
}

difference "keys that are not there, or not to leave" {
  row        = "`backup/` of a key that may not be backed up, or of none; `restore` over an existing key, or of noise"
  reason     = "a mistake of the caller's is no 500"
  operations = ["backup", "restore"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts = [
    "key \"[^\"]+\" not found",
    "key \"[^\"]+\" already exists",
    "plaintext backup is disallowed on the policy",
    "exporting is disallowed on the policy",
  ]
  examples = [
    <<-STEPS
      GET backup/{{n}}k
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"exportable":true,"allow_plaintext_backup":true}
      GET backup/{{n}}k
      POST restore/{{n}}k {"backup":"{{2.backup}}"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"exportable":true}
      GET backup/{{n}}k
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      GET backup/{{n}}k
    STEPS
    ,
  ]
}

difference "backups that are none" {
  row        = "`backup/` of a key that may not be backed up, or of none; `restore` over an existing key, or of noise"
  reason     = "a mistake of the caller's is no 500, and needs no words of a parser"
  operations = ["restore"]
  builtin    = "500 WRAPTEXT"
  pqtransit  = "400 backup (is not base64|does not decode)"
  texts      = ["illegal base64 data at input byte \\d+", "invalid character .* (looking for beginning of value|after top-level value)"]
  examples = [
    <<-STEPS
      POST restore/{{n}}k {"backup":"%%%"}
    STEPS
    , <<-STEPS
      POST restore/{{n}}k {"backup":"AAAA"}
    STEPS
    ,
  ]
}

difference "imports and exports, in the same words" {
  row        = "`import`, `import_version`, `byok-export/` with bad input or of a missing key"
  reason     = "a mistake of the caller's is no 500"
  operations = ["import", "import_version", "byok-export"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 (error importing key: )?<text>"
  texts = [
    "no key found with name [^ ]+; to import a new key, use the import/ endpoint",
    "the import_version endpoint can only be used with an imported key",
    "the import path cannot be used with an existing key; use import-version to rotate an existing imported key",
    "provided ciphertext is too short",
    "provided type does not support public_key import",
    "(error importing key: )?invalid curve: expected P-\\d+, got P-\\d+",
    "(error importing key: )?unable to import only public key for derived Ed25519 key: .*",
    "private key imported, key version cannot be updated",
    "no such key version",
    "unknown hash function:[^;]*",
    "no such (destination key to export to|source key for export)",
    "provided type does not support importing key versions",
    "cannot add a public key to a key version that already has a public key set",
    "import cannot be used on keys with convergent encryption enabled",
    "allow_rotation must be set to true if auto-rotation is enabled",
    "cannot import key, key pair does not match",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import_version {}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/import_version {}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:aes256-gcm96:1}}"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"AAAA"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"x"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ecdsa-p384:1}}","type":"ecdsa-p256"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ed25519:1}}","type":"ed25519","derived":true}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:ed25519:1}}","type":"ed25519"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:ed25519:1}}","version":1}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:ed25519:1}}","type":"ed25519"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:ed25519:1}}","version":7}
    STEPS
    , <<-STEPS
      POST keys/{{n}}to/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST keys/{{n}}k {"exportable":true}
      GET byok-export/{{n}}to/{{n}}k?hash=MD5
    STEPS
    , <<-STEPS
      GET byok-export/{{n}}k/{{n}}k
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:aes256-gcm96:1}}"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:aes256-gcm96:2}}","version":1}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ed25519:1}}","type":"ed25519"}
      POST keys/{{n}}k/import_version {"public_key":"{{pem:ed25519:1}}","version":1}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"convergent_encryption":true}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"auto_rotate_period":"1h","ciphertext":"{{wrap:SHA256:aes256-gcm96:1}}"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ecdsa-p256:1}}","type":"ecdsa-p256"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:ecdsa-p256:2}}","version":1}
    STEPS
    ,
  ]
}

difference "keys that an import cannot be" {
  row        = "the same faults, in words of its own"
  reason     = "it says what the type takes"
  operations = ["import", "import_version"]
  builtin    = "500 WRAP(error importing key: )?TEXT"
  pqtransit  = "400 (error importing key: )?(invalid key size .*, want \\d+|invalid key size: expected \\d+ bits, got \\d+ bits|stored key is a [^ ]+, want an? .*|error parsing (asymmetric|public) key: (not|invalid) .*|failed to base64-decode ciphertext|invalid key size for HMAC key, must be between 32 and 512 bytes|provided ciphertext does not unwrap to a key: .*)"
  texts = [
    "invalid key size \\d+ bytes for key type [a-z0-9-]+",
    "invalid key size: expected \\d+ bytes, got \\d+ bytes",
    "invalid key type: expected [a-z0-9-]+, got [^ ]+",
    "error parsing asymmetric key: asn1: .*",
    "illegal base64 data at input byte \\d+",
    "error parsing public key: not in PEM format",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:aes128-gcm96:1}}"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-3072"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:rsa-2048:1}}","type":"ed25519"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:aes128-gcm96:1}}","type":"ed25519"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"%%%"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"public_key":"x","type":"ecdsa-p256"}
    STEPS
    ,
  ]
}

difference "a rotation that is not allowed" {
  row        = "`rotate` of an imported key that does not allow it; deriving with a type that cannot"
  reason     = "a mistake of the caller's is no 500"
  operations = ["rotate", "create"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts = [
    "imported key [^ ]+ does not allow rotation within Vault",
    "key derivation and convergent encryption not supported for keys of type [a-z0-9-]+",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:aes256-gcm96:1}}"}
      POST keys/{{n}}k/rotate
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048","derived":true}
    STEPS
    ,
  ]
}

difference "exports of what a key has not" {
  row        = "`export/public-key` of a symmetric key; `export/certificate-chain` without one"
  reason     = "a mistake of the caller's is no 500"
  operations = ["export"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts      = ["unknown key type [a-z0-9-]+ for export type public-key", "selected key version does not have a certificate chain imported"]
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      GET export/public-key/{{n}}k
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      GET export/certificate-chain/{{n}}k
    STEPS
    ,
  ]
}

difference "CMAC keys" {
  row        = "| `cmac/`, `verify` of a CMAC, `export/cmac-key` | as documented |"
  reason     = "they are there"
  operations = ["export"]
  request    = "export/cmac-key/"
  builtin    = "400 key type cmac-key is only available in enterprise versions of Vault"
  pqtransit  = "404|400 .*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      GET export/cmac-key/{{n}}k
    STEPS
    ,
  ]
}

difference "an RSA ciphertext in a batch" {
  row        = "an RSA ciphertext that does not decrypt"
  reason     = "the caller's mistake is not a fault of the server"
  operations = ["decrypt"]
  request    = "batch_input"
  builtin    = "500"
  pqtransit  = "400"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST decrypt/{{n}}k {"batch_input":[{"ciphertext":"vault:v1:AAAA"}]}
    STEPS
    ,
  ]
}

difference "an RSA ciphertext in a batch to rewrap" {
  row        = "one RSA ciphertext of a `rewrap` batch that does not decrypt"
  reason     = "the other items are as good as ever"
  operations = ["rewrap"]
  request    = "batch_input"
  builtin    = "500 WRAPfailed to RSA decrypt the ciphertext: crypto/rsa: decryption error"
  pqtransit  = "200|400 failed to parse batch input: 'batch_input\\[\\d+\\]\\..*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST rewrap/{{n}}k {"batch_input":[{"ciphertext":"vault:v1:AAAA"}]}
    STEPS
    ,
  ]
}

difference "core's words around a 400" {
  row        = "the text of a 400, where the built-in engine has it inside"
  reason     = "it is an error response everywhere"
  operations = ["create", "read", "delete", "config", "encrypt", "hmac", "export"]
  builtin    = "400 (WRAP|error deleting policy [^ ]+: )relative paths not supported"
  pqtransit  = "400 relative paths not supported"
  examples = [
    <<-STEPS
      POST keys/{{n}}a..b {}
    STEPS
    ,
  ]
}

difference "the type of a parameter" {
  row        = "What stands in place of a number or a boolean Vault's framework does quote."
  reason     = "a value may be a plaintext"
  operations = ["create", "config", "rotate", "trim", "import", "import_version", "restore", "encrypt", "decrypt", "rewrap", "datakey", "sign", "verify", "hmac", "hash", "random", "csr", "set-certificate", "cache-config"]
  builtin    = "400 (Field validation failed: )?error converting input for field \"(?P<field>\\w+)\": '' expected type '(?P<want>\\w+)', got unconvertible type '(?P<got>[^']+)', value: '.*'"
  pqtransit  = "400 Field validation failed: (error converting input for field \"<field>\": '' expected type '<want>', got unconvertible type '<got>', value: '.*'|'<field>' expected type '<want>', got unconvertible type '<got>')"
  examples = [
    <<-STEPS
      POST hash {"input":[]}
    STEPS
    ,
  ]
}

difference "where a number is checked" {
  row        = "a number that is none, given to `encrypt`"
  reason     = "every path checks in one place"
  operations = ["encrypt"]
  builtin    = "400 (?P<text>error converting input for field \"\\w+\": .*)"
  pqtransit  = "400 Field validation failed: <text>"
  examples = [
    <<-STEPS
      POST encrypt/{{n}}k {"key_version":"x","plaintext":""}
    STEPS
    ,
  ]
}

difference "numbers that JSON has in several forms" {
  row        = "a number written as `1.0` or `1e0`"
  reason     = "the plugin protocol carries the number and not how it was written"
  operations = ["config", "trim", "encrypt", "decrypt", "rewrap", "datakey", "sign", "hmac", "random", "create", "import", "import_version", "cache-config", "csr", "set-certificate"]
  request    = "1\\.0|1e0|1e4"
  builtin    = "400 (Field validation failed: )?error converting input for field \"\\w+\": (cannot parse '' as int: strconv.ParseInt: parsing \"(1\\.0|1e0|1e4)\": invalid syntax|time: unknown unit \"e\" in duration \"1e4\")"
  pqtransit  = "2\\d\\d|400 [A-Za-z\"].*"
  examples = [
    <<-STEPS
      POST random {"bytes":1.0}
    STEPS
    ,
  ]
}

difference "numbers beyond any" {
  row        = "a number written as `1.0` or `1e0`"
  reason     = "the plugin protocol carries the number and not how it was written"
  operations = ["config", "trim", "encrypt", "decrypt", "rewrap", "datakey", "sign", "hmac", "random", "create", "import_version", "cache-config", "csr", "set-certificate"]
  builtin    = "400 (Field validation failed: )?error converting input for field \"(?P<field>\\w+)\": cannot parse '' as int: strconv.ParseInt: parsing \"92233720368547758\\d\\d\": value out of range"
  pqtransit  = "400 Field validation failed: error converting input for field \"<field>\": cannot parse '' as int: strconv.ParseInt: parsing \"9223372036854776000\": value out of range"
  examples = [
    <<-STEPS
      POST random {"bytes":9223372036854775808}
    STEPS
    ,
  ]
}

difference "a batch that is no list" {
  row        = "a batch that does not parse"
  reason     = "one text on every path, and no 500"
  operations = ["encrypt", "decrypt", "rewrap", "sign", "verify", "hmac"]
  builtin    = "(500 WRAP|400 )failed to parse batch input: ('': )?source data must be an array or slice, got (string|bool|map|map\\[string\\]interface \\{\\}|json.Number)"
  pqtransit  = "400 batch_input: expected a list, got (string|bool|map\\[string\\]interface \\{\\}|json.Number|float64)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":"x"}
    STEPS
    ,
  ]
}

difference "a batch item that is no object" {
  row        = "a batch that does not parse"
  reason     = "one text on every path, and no 500"
  operations = ["encrypt", "decrypt", "rewrap", "sign", "verify", "hmac"]
  builtin    = "(500 WRAP|400 )failed to parse batch input: (1 error\\(s\\) decoding:\\s+\\* '\\[\\d+\\]'|\\[\\d+\\]) expected a map, got '[^']+'"
  pqtransit  = "400 batch_input\\[\\d+\\]: expected a map, got [^;]+(; failed to parse batch input: '\\[\\d+\\]\\.(plaintext|ciphertext)' missing (plaintext to encrypt|ciphertext to decrypt)|; no batch_input elements have 'signature', 'hmac' or 'cmac')?(; context should be set either in all the request blocks or in none)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":["x"]}
    STEPS
    ,
  ]
}

difference "the type of a batch item's parameter" {
  row        = "a batch that does not parse"
  reason     = "one text on every path, and no 500"
  operations = ["encrypt", "decrypt", "rewrap", "sign", "verify", "hmac"]
  builtin    = "(500 WRAP|400 )failed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* ('\\[(?P<item>\\d+)\\](\\.|\\[)(?P<field>\\w+)\\]?' expected type '(?P<want>\\w+)', got unconvertible type '[^']+'(, value: '.*')?)(\\s+\\* '.*)?"
  pqtransit  = "400 failed to parse batch input: 'batch_input\\[<item>\\]\\.<field>' expected type '<want>', got unconvertible type '[^']+'(; failed to parse batch input: '.*|; context should be set either in all the request blocks or in none)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"plaintext":true}]}
    STEPS
    ,
  ]
}

difference "a batch item that lacks its input" {
  row        = "a batch that does not parse"
  reason     = "one text on every path, and no 500"
  operations = ["encrypt", "decrypt", "rewrap"]
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* (?P<text>'\\[\\d+\\]\\.(plaintext|ciphertext)' missing (plaintext to encrypt|ciphertext to decrypt))"
  pqtransit  = "400 failed to parse batch input: <text>(; context should be set either in all the request blocks or in none)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{}]}
    STEPS
    ,
  ]
}

difference "a number as a batch item's text" {
  row        = "a batch item's `input` or `hmac` that is a number"
  reason     = "base64 is text"
  operations = ["hmac", "sign", "verify", "rewrap"]
  builtin    = "200"
  pqtransit  = "400 failed to parse batch input: 'batch_input\\[\\d+\\]\\.(input|hmac|signature|context|reference|ciphertext)' expected type 'string', got unconvertible type '[^']+'(; failed to parse batch input: .*)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":[{"input":7}]}
    STEPS
    ,
  ]
}

difference "associated data of a batch" {
  row        = "a parameter that is not base64, of `associated_data`"
  reason     = "the caller's mistake is not a fault of the server"
  operations = ["encrypt", "decrypt"]
  request    = "associated_data"
  builtin    = "500 WRAPunable to get associated_data/additional_data from factory\\[\\d+\\]: (?P<text>illegal base64 data at input byte \\d+)"
  pqtransit  = "400 <text>"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"associated_data":"%","plaintext":""}
    STEPS
    ,
  ]
}

difference "null for what has to be there" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["encrypt", "hmac", "hash"]
  request    = ":null"
  builtin    = "2\\d\\d"
  pqtransit  = "400 (missing plaintext to encrypt|missing input for HMAC|input missing)"
  examples = [
    <<-STEPS
      POST hash {"input":null}
    STEPS
    ,
  ]
}

difference "null for what is there too late" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["encrypt", "verify", "trim", "import_version", "hash"]
  request    = ":null"
  builtin    = "400 TEXT"
  pqtransit  = "400 (input missing|missing plaintext to encrypt|missing one of 'signature', 'hmac' or 'cmac' arguments to verify|missing min_available_version)"
  texts = [
    "missing 'context' for key derivation; .*",
    "message encryption not supported for key type [a-z0-9-]+",
    "invalid signature: no prefix",
    "invalid HMAC to verify: no prefix",
    "key type [a-z0-9-]+ does not support signing",
    "minimum available version (should be positive|cannot be set when minimum encryption version is not set)",
    "unsupported (algorithm|encoding format) [^ ;]*(; must be \"hex\" or \"base64\")?",
    "(key type [a-z0-9-]+ not supported for this operation|unknown key type .*|(signature verification|encryption) key not found)",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"derived":true}
      POST encrypt/{{n}}k {"plaintext":null}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST encrypt/{{n}}k {"plaintext":null}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST verify/{{n}}k {"input":"","signature":null}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST verify/{{n}}k {"input":"","hmac":null}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST verify/{{n}}k {"input":"","signature":null}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/trim {"min_available_version":null}
    STEPS
    , <<-STEPS
      POST hash/sha1 {"input":null}
    STEPS
    , <<-STEPS
      POST encrypt/{{n}}k {"plaintext":null,"type":"ecdsa-p256"}
    STEPS
    ,
  ]
}

difference "null in config" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["config"]
  request    = ":null"
  path       = "warnings"
  builtin    = "\\[\"since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1\"\\]"
  pqtransit  = "null"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/config {"min_decryption_version":null}
    STEPS
    ,
  ]
}

difference "null in config, and what it sets" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["config"]
  request    = ":null"
  path       = "data.*"
  builtin    = "0|1|false"
  pqtransit  = "[1-9]\\d*|true"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/config {"min_encryption_version":1}
      POST keys/{{n}}k/config {"min_encryption_version":null}
    STEPS
    ,
  ]
}

difference "null in a batch, the error" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["hmac", "sign"]
  request    = ":null"
  path       = "data.batch_results.*.error"
  builtin    = "absent|\"requested version for signing does not contain a private part\"|\"error deriving key: .*\""
  pqtransit  = "\"missing input( for HMAC)?\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":[{"input":null}]}
    STEPS
    ,
  ]
}

difference "null in a batch, the result" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["hmac", "sign"]
  request    = ":null"
  path       = "data.batch_results.*.*"
  builtin    = "\"vault:v\\d+:[A-Za-z0-9_=/+-]+\"|[1-9]\\d?"
  pqtransit  = "absent|0"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"batch_input":[{"input":null}]}
    STEPS
    ,
  ]
}

difference "several mistakes at once" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "the caller learns of all at once"
  operations = ["random", "hash", "datakey", "sign", "verify"]
  builtin    = "400 (?P<text>TEXT)"
  pqtransit  = "400 (Invalid path, must be 'plaintext' or 'wrapped'; )?<text>(; .*)?"
  texts = [
    "unsupported encoding format [^;]*; must be \"hex\" or \"base64\"",
    "\"bytes\" (cannot be less than 1|should be less than 131072)",
    "invalid bit length",
    "failed to base64-decode (context|nonce)",
    "invalid (marshaling type|hash algorithm) \"[^\"]*\"",
    "no batch_input elements have 'signature', 'hmac' or 'cmac'",
  ]
  examples = [
    <<-STEPS
      POST hash/other {"format":"other","input":""}
    STEPS
    , <<-STEPS
      POST random {"bytes":0,"format":"other"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST datakey/else/{{n}}k {"bits":7}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST datakey/else/{{n}}k {"context":"%"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST sign/{{n}}k {"input":"","hash_algorithm":"other","marshaling_algorithm":"other"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST verify/{{n}}k {"batch_input":[{"input":""}],"hash_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "parameters before the key" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "what is wrong without looking at a key is said first"
  operations = ["import_version", "hmac", "sign", "verify", "byok-export", "csr", "set-certificate", "decrypt", "rewrap"]
  builtin    = "(400|500 WRAP) ?TEXT"
  pqtransit  = "400 (failed to base64-decode ciphertext|missing batch input to process|could not decode PEM (certificate request|block in certificate chain)|provided certificate chain did not contain any valid PEM certificate|unknown hash function:.*|unsupported algorithm \".*\"|failed to parse batch input: 'batch_input\\[\\d+\\].*|batch_input(\\[\\d+\\])?: expected a .*|provided ciphertext is too short|error importing key: (error parsing (asymmetric|public) key: |stored key is a |invalid key size |invalid curve: ).*)"
  texts = [
    "the import_version endpoint can only be used with an imported key",
    "encryption key not found",
    "key type '?[a-z0-9-]+'? does not support signing|operation not supported on keys with derivation enabled",
    "key is not exportable",
    "no such (destination key to export to|source key for export)",
    "signing key not found",
    "invalid key version|version does not exist or cannot be found",
    "private key imported, key version cannot be updated|no such key version|provided type does not support importing key versions",
    "no key found with name [^ ]+; to import a new key, use the import/ endpoint",
    "cannot generate HMAC: version is too old \\(disallowed by policy\\)",
    "key version does not exist; latest key version is \\d+",
  ]
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/rotate
      POST keys/{{n}}k/config {"min_encryption_version":2}
      POST hmac/{{n}}k {"batch_input":["x"],"key_version":1}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":["x"],"key_version":7}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import_version {"ciphertext":"%"}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/import_version {"ciphertext":"%"}
    STEPS
    , <<-STEPS
      POST hmac/{{n}}k/other {"input":""}
    STEPS
    , <<-STEPS
      POST keys/{{n}}k {}
      POST sign/{{n}}k {"batch_input":[{"input":[]}]}
    STEPS
    , <<-STEPS
      POST keys/{{n}}to/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST keys/{{n}}k {}
      GET byok-export/{{n}}to/{{n}}k?hash=MD5
    STEPS
    , <<-STEPS
      GET byok-export/{{n}}to/{{n}}k?hash=MD5
    STEPS
    , <<-STEPS
      POST sign/{{n}}k {"batch_input":[{"input":[]}]}
    STEPS
    , <<-STEPS
      POST keys/{{n}}to/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST keys/{{n}}k {"exportable":true}
      GET byok-export/{{n}}to/{{n}}k/x?hash=MD5
    STEPS
    , <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:ed25519:1}}","type":"ed25519"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:aes256-gcm96:1}}","version":1}
    STEPS
    ,
  ]
}

difference "an unknown algorithm of an HMAC" {
  row        = "`hmac/:name` with an unknown algorithm"
  reason     = "the built-in engine prints a number as text"
  operations = ["hmac", "verify"]
  builtin    = "400 unsupported algorithm '\\\\x00'"
  pqtransit  = "400 unsupported algorithm \".*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"algorithm":"other","input":""}
    STEPS
    ,
  ]
}

difference "null as the algorithm of an HMAC" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["verify"]
  request    = ":null"
  builtin    = "400 unsupported algorithm '\\\\x00'"
  pqtransit  = "200"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"input":""}
      POST verify/{{n}}k {"algorithm":null,"hmac":"{{2.hmac}}","input":""}
    STEPS
    ,
  ]
}

difference "hmac without hash" {
  row        = "`hmac/:name/none`, `verify` of an HMAC with `none`"
  reason     = "the built-in engine panics"
  operations = ["hmac", "verify"]
  builtin    = "dropped"
  pqtransit  = "400 unsupported algorithm \"none\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k/none {"input":""}
    STEPS
    ,
  ]
}

difference "restore of an object without policy" {
  row        = "`restore` of an object without a policy"
  reason     = "the built-in engine panics"
  operations = ["restore"]
  builtin    = "dropped"
  pqtransit  = "400 (backup data does not contain a valid policy|backup does not decode)"
  examples = [
    <<-STEPS
      POST restore/{{n}}k {"backup":"e30="}
    STEPS
    ,
  ]
}

difference "decrypting with a public key" {
  row        = "`decrypt` with a version of which only the public half was imported"
  reason     = "the built-in engine panics"
  operations = ["decrypt", "rewrap", "byok-export"]
  builtin    = "dropped"
  pqtransit  = "400( private key not imported for key version selected)?|200"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST encrypt/{{n}}k {"plaintext":"YQ=="}
      POST decrypt/{{n}}k {"ciphertext":"{{2.ciphertext}}"}
    STEPS
    ,
  ]
}

difference "signature algorithms that are none" {
  row        = "a `signature_algorithm` that is none (neither `pss` nor `pkcs1v15`) with an ECDSA or Ed25519 key"
  reason     = "what is not obeyed must not look obeyed"
  operations = ["sign", "verify"]
  request    = "signature_algorithm"
  builtin    = "200|400 (supplied signature .*|invalid signature: .*|ciphertext or signature version .*)"
  pqtransit  = "400 unsupported signature algorithm \".*\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"input":"","signature_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "signature algorithms that are none, with RSA" {
  row        = "`sign/` and `verify/` with a `key_version`, `salt_length` or `signature_algorithm` that cannot be right"
  reason     = "the caller's mistake is not a fault of the server"
  operations = ["sign", "verify"]
  request    = "signature_algorithm"
  builtin    = "500 WRAP(unsupported rsa signature algorithm .*|requested version for signing .*)"
  pqtransit  = "400 unsupported signature algorithm \".*\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST sign/{{n}}k {"input":"","signature_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "Ed25519 with a hash" {
  row        = "Ed25519ctx and Ed25519ph, as in Vault Enterprise; Community refuses them"
  reason     = "here they are"
  operations = ["sign", "verify"]
  request    = "prehashed|hash_algorithm|signature_context|/sha2-512"
  builtin    = "400 (failed to parse item: )?failed to parse batch item: only Pure Ed25519 signatures supported, (prehashed must be false|hash_alogithm should not be set|signature_context must be empty)"
  pqtransit  = "200|400 (error deriving key: .*|invalid signature: (no prefix|wrong number of fields|version number could not be decoded|version is too new|could not decode base64.*)|prehashed Ed25519 signatures need hash_algorithm sha2-512|hash_algorithm sha2-512 with Ed25519 needs prehashed|failed to base64-decode signature_context|(failed to parse item: )?failed to parse signature_context: .*|cannot sign: ed25519: bad Ed25519ph message hash length: \\d+)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST sign/{{n}}k {"input":"","prehashed":true}
    STEPS
    ,
  ]
}

difference "Ed25519 with a hash, in a batch" {
  row        = "Ed25519ctx and Ed25519ph, as in Vault Enterprise; Community refuses them"
  reason     = "here they are"
  operations = ["sign", "verify"]
  request    = "prehashed|hash_algorithm|signature_context|/sha2-512"
  path       = "data.batch_results.*.error"
  builtin    = "\"(failed to parse item: )?failed to parse batch item: only Pure Ed25519 signatures supported, (prehashed must be false|hash_alogithm should not be set|signature_context must be empty)\""
  pqtransit  = "absent|\"(error deriving key: .*|invalid signature: (no prefix|wrong number of fields|version number could not be decoded|version is too new|could not decode base64.*)|prehashed Ed25519 signatures need hash_algorithm sha2-512|hash_algorithm sha2-512 with Ed25519 needs prehashed|cannot sign: ed25519: bad Ed25519ph message hash length: \\d+)\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST sign/{{n}}k {"batch_input":[{"input":""}],"prehashed":true}
    STEPS
    ,
  ]
}

difference "a type to encrypt with that cannot" {
  row        = "`encrypt` creating a key of a type that cannot encrypt"
  reason     = "the type is known, and cannot do it"
  operations = ["encrypt"]
  builtin    = "400 unknown key type (?P<type>ed25519|hmac)"
  pqtransit  = "400 key type <type> not supported for this operation"
  examples = [
    <<-STEPS
      POST encrypt/{{n}}k {"plaintext":"","type":"hmac"}
    STEPS
    ,
  ]
}

difference "rotation to a type" {
  row        = "the new version has another algorithm"
  reason     = "the way to post-quantum keys"
  operations = ["rotate"]
  request    = "\"(type|parameter_set)\":"
  builtin    = "200|500 WRAPimported key [^ ]+ does not allow rotation within Vault"
  pqtransit  = "400 unknown key type.*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/rotate {"type":"other"}
    STEPS
    ,
  ]
}

difference "an HMAC key without size" {
  row        = "creating a key of type `hmac` without `key_size`"
  reason     = "as the built-in engine's documentation has it"
  operations = ["create"]
  builtin    = "500 WRAPinvalid key size for HMAC key, must be between 32 and 512 bytes"
  pqtransit  = "200"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"hmac"}
    STEPS
    ,
  ]
}

difference "associated data of a rewrap" {
  row        = "`associated_data` in `rewrap`"
  reason     = "else such a ciphertext can never be rewrapped"
  operations = ["rewrap"]
  request    = "associated_data"
  builtin    = "400 (cipher|chacha20poly1305): message authentication failed"
  pqtransit  = "200"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"associated_data":"YQ==","plaintext":""}
      POST rewrap/{{n}}k {"associated_data":"YQ==","ciphertext":"{{2.ciphertext}}"}
    STEPS
    ,
  ]
}

difference "associated data in a batch to rewrap" {
  row        = "`associated_data` in `rewrap`"
  reason     = "else such a ciphertext can never be rewrapped"
  operations = ["rewrap"]
  request    = "associated_data"
  path       = "data.batch_results.*.error"
  builtin    = "\"(cipher|chacha20poly1305): message authentication failed\""
  pqtransit  = "absent"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"associated_data":"YQ==","plaintext":""}
      POST rewrap/{{n}}k {"batch_input":[{"associated_data":"YQ==","ciphertext":"{{2.ciphertext}}"}]}
    STEPS
    ,
  ]
}

difference "associated data in a batch to rewrap, the result" {
  row        = "`associated_data` in `rewrap`"
  reason     = "else such a ciphertext can never be rewrapped"
  operations = ["rewrap"]
  request    = "associated_data"
  path       = "data.batch_results.*.*"
  builtin    = "absent"
  pqtransit  = "\"vault:v\\d+:[A-Za-z0-9=/+]+\"|[1-9]\\d?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"associated_data":"YQ==","plaintext":""}
      POST rewrap/{{n}}k {"batch_input":[{"associated_data":"YQ==","ciphertext":"{{2.ciphertext}}"}]}
    STEPS
    ,
  ]
}

difference "versions with a sign" {
  row        = "version in a ciphertext or HMAC with a sign or leading zeros (`vault:v+1:`, `vault:v01:`)"
  reason     = "one text for one ciphertext"
  operations = ["decrypt", "rewrap", "verify"]
  builtin    = "400 (invalid HMAC to verify: )?(ciphertext or signature version is disallowed by policy \\(too old\\)|cannot verify HMAC: version is too old \\(disallowed by policy\\)|.*no such key version.*)"
  pqtransit  = "400 (invalid (ciphertext|signature|HMAC to verify)|invalid HMAC|hmac: invalid HMAC to verify): version number could not be decoded"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/rotate
      POST keys/{{n}}k/config {"min_decryption_version":2}
      POST decrypt/{{n}}k {"ciphertext":"vault:v-1:AAAA"}
    STEPS
    ,
  ]
}

difference "importing another type's private half" {
  row        = "`import_version` of a private key of another type for a public one"
  reason     = "the built-in engine panics"
  operations = ["import_version"]
  builtin    = "dropped"
  pqtransit  = "400 error importing key: stored key is a [^ ]+, want an? .*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:ecdsa-p256:1}}","type":"ecdsa-p256"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:rsa-2048:1}}"}
    STEPS
    ,
  ]
}

difference "associated data in a batch to encrypt, the status" {
  row        = "a parameter that is not base64, of `associated_data`"
  reason     = "the caller's mistake is not a fault of the server"
  operations = ["encrypt"]
  request    = "associated_data"
  builtin    = "500"
  pqtransit  = "400"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"associated_data":"%","plaintext":""}]}
    STEPS
    ,
  ]
}

difference "associated data in a batch to encrypt" {
  row        = "a parameter that is not base64, of `associated_data`"
  reason     = "the text for a parameter that is not base64, without the engine's own names"
  operations = ["encrypt", "decrypt"]
  request    = "associated_data"
  path       = "data.batch_results.*.error"
  builtin    = "\"unable to get associated_data/additional_data from factory\\[\\d+\\]: (?P<text>illegal base64 data at input byte \\d+)\""
  pqtransit  = "\"<text>\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"associated_data":"%","plaintext":""}]}
    STEPS
    ,
  ]
}

difference "parameters that Community has not" {
  row        = "a parameter of Vault Enterprise or of pqtransit alone"
  reason     = "here it is one"
  operations = ["rotate", "create", "import", "sign", "verify", "encrypt"]
  path       = "warnings"
  builtin    = "\\[\"Endpoint ignored these unrecognized parameters: \\[(parameter_set|signature_context|iv|type)\\]\"\\]"
  pqtransit  = "null"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/rotate {"parameter_set":""}
    STEPS
    ,
  ]
}

difference "parameters of a signature that the key has not" {
  row        = "`signature_context` or `iv` with a key that has none"
  reason     = "what is not obeyed must not look obeyed"
  operations = ["sign", "verify", "encrypt"]
  request    = "signature_context|\"iv\""
  builtin    = "200|400 (invalid signature: .*|supplied signature .*|ciphertext or signature version .*)"
  pqtransit  = "400 ((signature_context|iv) is not supported for this key type|(failed to parse item: )?failed to parse signature_context: .*|failed to base64-decode signature_context)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"input":"","signature_context":"YQ=="}
    STEPS
    ,
  ]
}

difference "a batch item that is null" {
  row        = "a batch item that is `null`"
  reason     = "it is no object"
  operations = ["sign", "verify", "hmac", "rewrap"]
  request    = "null"
  builtin    = "200|400 (no batch_input elements have 'signature', 'hmac' or 'cmac'|some elements of batch_input are missing '(signature|hmac)')"
  pqtransit  = "400 batch_input\\[\\d+\\]: expected a map, got <nil>.*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"batch_input":[null]}
    STEPS
    ,
  ]
}

difference "null as what to verify in a batch" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["verify"]
  request    = ":null"
  builtin    = "200|400 (key type [a-z0-9-]+ does not support signing|signature verification key not found|encryption key not found)"
  pqtransit  = "400 (some elements of batch_input are missing '(signature|hmac)'|no batch_input elements have 'signature', 'hmac' or 'cmac')"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST verify/{{n}}k {"batch_input":[{"input":"","signature":null}]}
    STEPS
    ,
  ]
}

difference "versions with a sign, in a batch" {
  row        = "version in a ciphertext or HMAC with a sign or leading zeros (`vault:v+1:`, `vault:v01:`)"
  reason     = "one text for one ciphertext"
  operations = ["decrypt", "rewrap", "verify"]
  path       = "data.batch_results.*.error"
  builtin    = "\"(ciphertext or signature version is disallowed by policy \\(too old\\)|cannot verify HMAC: version is too old \\(disallowed by policy\\))\""
  pqtransit  = "\"invalid (ciphertext|signature|HMAC): version number could not be decoded\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST decrypt/{{n}}k {"batch_input":[{"ciphertext":"vault:v-1:AAAA"}]}
    STEPS
    ,
  ]
}

difference "what sign and verify do not know in a batch item" {
  row        = "a parameter of a `sign` batch item that is not `input`, `context` or the like, and no text"
  reason     = "what has no meaning is ignored everywhere"
  operations = ["sign", "verify", "hmac"]
  builtin    = "(500 WRAP|400 )failed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* '\\[\\d+\\]\\[(batch_input|key_version|nonce|prehashed|derived|key_size|convergent_encryption|partial_failure_response_code|auto_rotate_period)\\]' expected type 'string', .*"
  pqtransit  = "200"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ed25519"}
      POST sign/{{n}}k {"batch_input":[{"input":"","batch_input":[]}]}
    STEPS
    ,
  ]
}

difference "null as a batch item's input" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["encrypt", "decrypt", "rewrap"]
  request    = ":null"
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* '\\[(?P<item>\\d+)\\]\\.(?P<field>plaintext|ciphertext)' expected type 'string', got unconvertible type '<nil>'"
  pqtransit  = "400 failed to parse batch input: '\\[<item>\\]\\.<field>' missing (plaintext to encrypt|ciphertext to decrypt)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"plaintext":null}]}
    STEPS
    ,
  ]
}

difference "null as what to import" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["import", "import_version"]
  request    = ":null"
  builtin    = "500 WRAPprovided ciphertext is too short"
  pqtransit  = "400 (error importing key: error parsing public key: .*|provided type does not support public_key import)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":null,"type":"ed25519"}
    STEPS
    ,
  ]
}

difference "signature algorithms that are none, with RSA, in a batch" {
  row        = "`sign/` and `verify/` with a `key_version`, `salt_length` or `signature_algorithm` that cannot be right"
  reason     = "one text for all types"
  operations = ["sign", "verify"]
  path       = "data.batch_results.*.error"
  request    = "signature_algorithm"
  builtin    = "\"unsupported rsa signature algorithm .*\"|\"requested version for signing .*\""
  pqtransit  = "\"unsupported signature algorithm .*\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST sign/{{n}}k {"batch_input":[{"input":""}],"signature_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "the private half of an imported version, in its archive" {
  row        = "`import_version` completing a public key with its private half"
  reason     = "else raising and lowering min_decryption_version loses it"
  operations = ["backup"]
  path       = "data.backup.archived_keys.keys.*.*"
  builtin    = "absent|null|\"\""
  pqtransit  = "\\{\"D\":.*\\}|\\d{50,}|\"[A-Za-z0-9+/=]{40,}\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"exportable":true,"allow_plaintext_backup":true,"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:rsa-2048:1}}"}
      GET backup/{{n}}k
    STEPS
    ,
  ]
}

difference "what a refused config has changed" {
  row        = "`config` that is refused, with an `auto_rotate_period` in it"
  reason     = "all of a config or nothing"
  operations = ["read", "config", "rotate", "trim", "create"]
  path       = "data.auto_rotate_period"
  builtin    = "\\d+"
  pqtransit  = "0|3600|7200|86400"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/config {"min_encryption_version":1}
      POST keys/{{n}}k/trim {"min_available_version":1}
      POST keys/{{n}}k/config {"auto_rotate_period":"1h","min_encryption_version":0}
      GET keys/{{n}}k
    STEPS
    ,
  ]
}

difference "associated data of a rewrap that is not base64" {
  row        = "`associated_data` in `rewrap`"
  reason     = "the built-in engine does not look at it"
  operations = ["rewrap", "encrypt", "decrypt"]
  request    = "associated_data"
  builtin    = "2\\d\\d|400 ('\\[0\\].associated_data' provided for non-AEAD cipher suite .*|message (en|de)cryption not supported for key type .*|missing 'context' for key derivation; .*|(cipher|chacha20poly1305): message authentication failed|invalid ciphertext.*|ciphertext or signature version is disallowed by policy .*)"
  pqtransit  = "400 (illegal base64 data at input byte \\d+|Field validation failed: 'associated_data' expected type 'string', .*)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"plaintext":""}
      POST rewrap/{{n}}k {"associated_data":"%","ciphertext":"{{2.ciphertext}}"}
    STEPS
    ,
  ]
}

difference "associated data that is not base64, with another mistake" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "what is not base64 is found first"
  operations = ["decrypt", "encrypt", "rewrap"]
  path       = "data.batch_results.*.error"
  request    = "associated_data"
  builtin    = "\"(invalid ciphertext.*|(cipher|chacha20poly1305): message authentication failed|ciphertext or signature version is disallowed by policy .*)\""
  pqtransit  = "\"illegal base64 data at input byte \\d+\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST decrypt/{{n}}k {"batch_input":[{"associated_data":"%","ciphertext":"x"}]}
    STEPS
    ,
  ]
}

difference "signature algorithms that are none, in a batch" {
  row        = "a `signature_algorithm` that is none (neither `pss` nor `pkcs1v15`) with an ECDSA or Ed25519 key"
  reason     = "what is not obeyed must not look obeyed"
  operations = ["sign", "verify"]
  path       = "data.batch_results.*.error"
  request    = "signature_algorithm"
  builtin    = "absent|\"(failed to parse item: )?failed to parse batch item: only Pure Ed25519 signatures supported, .*\""
  pqtransit  = "\"unsupported signature algorithm .*\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"batch_input":[{"input":""}],"signature_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "signature algorithms that are none, in a batch, the result" {
  row        = "a `signature_algorithm` that is none (neither `pss` nor `pkcs1v15`) with an ECDSA or Ed25519 key"
  reason     = "what is not obeyed must not look obeyed"
  operations = ["sign", "verify"]
  path       = "data.batch_results.*.*"
  request    = "signature_algorithm"
  builtin    = "\"vault:v\\d+:[A-Za-z0-9_=/+-]+\"|\"[A-Za-z0-9+/]{43}=\"|[1-9]\\d?|true"
  pqtransit  = "absent|0|false"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST sign/{{n}}k {"batch_input":[{"input":""}],"signature_algorithm":"other"}
    STEPS
    ,
  ]
}

difference "null to verify in a batch" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["verify"]
  path       = "data.batch_results.*.error"
  request    = ":null"
  builtin    = "absent|\"invalid HMAC to verify: .*\"|\"cannot verify HMAC: .*\""
  pqtransit  = "\"missing input\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"input":""}
      POST verify/{{n}}k {"batch_input":[{"hmac":"{{2.hmac}}","input":null}]}
    STEPS
    ,
  ]
}

difference "null to verify in a batch, the result" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["verify"]
  path       = "data.batch_results.*.valid"
  request    = ":null"
  builtin    = "true"
  pqtransit  = "false"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST hmac/{{n}}k {"input":""}
      POST verify/{{n}}k {"batch_input":[{"hmac":"{{2.hmac}}","input":null}]}
    STEPS
    ,
  ]
}

difference "a convergent import that is not even that" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "what is no boolean is not true"
  operations = ["import"]
  builtin    = "500 WRAPimport cannot be used on keys with convergent encryption enabled"
  pqtransit  = "400 Field validation failed: error converting input for field \"convergent_encryption\": .*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"convergent_encryption":"x"}
    STEPS
    ,
  ]
}

difference "faults of the wrapping" {
  row        = "texts tell the OAEP part from the key wrap"
  reason     = "nobody should learn which part of a ciphertext he did not make was wrong"
  operations = ["import", "import_version"]
  builtin    = "500 WRAP(crypto/rsa: decryption error|.*unwrap.*|.*kwp.*)"
  pqtransit  = "400 provided ciphertext does not unwrap to a key: .*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA512:aes256-gcm96:1}}"}
    STEPS
    ,
  ]
}

difference "what decrypt has no use for in a batch item" {
  row        = "a parameter of a `decrypt` batch item that only `encrypt` has, and is of a wrong type"
  reason     = "what has no meaning is ignored everywhere"
  operations = ["decrypt"]
  request    = "key_version|plaintext"
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* ('\\[\\d+\\]\\.(key_version|plaintext)' expected type '(int|string)', got|error decoding json.Number into \\[\\d+\\]\\.key_version:) .*"
  pqtransit  = "200|400"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST decrypt/{{n}}k {"batch_input":[{"ciphertext":"vault:v1:AAAA","key_version":"x"}]}
    STEPS
    ,
  ]
}

difference "numbers in a batch that are no whole ones" {
  row        = "a batch that does not parse"
  reason     = "one text on every path, and no 500"
  operations = ["encrypt", "decrypt", "rewrap"]
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* error decoding json.Number into \\[(?P<item>\\d+)\\]\\.(?P<field>\\w+): strconv.ParseInt: parsing \"[^\"]+\": (invalid syntax|value out of range)"
  pqtransit  = "400 failed to parse batch input: 'batch_input\\[<item>\\]\\.<field>' expected type 'int', got unconvertible type 'float64'(; context should be set either in all the request blocks or in none)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"key_version":1.5,"plaintext":""}]}
    STEPS
    ,
  ]
}

difference "numbers in a batch that JSON has in several forms" {
  row        = "a number written as `1.0` or `1e0`"
  reason     = "the plugin protocol carries the number and not how it was written"
  operations = ["encrypt", "decrypt", "rewrap"]
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* error decoding json.Number into \\[\\d+\\]\\.\\w+: strconv.ParseInt: parsing \"(1\\.0|1e0)\": invalid syntax"
  pqtransit  = "2\\d\\d|400( [a-z].*)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"key_version":1.0,"plaintext":""}]}
    STEPS
    ,
  ]
}

difference "requests for a certificate of a key that does not sign" {
  row        = "`csr` of a key that does not sign"
  reason     = "one text for all paths"
  operations = ["csr"]
  builtin    = "400 key type '(?P<type>[a-z0-9-]+)' does not support signing"
  pqtransit  = "400 key type <type> does not support signing"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST keys/{{n}}k/csr {"version":1}
    STEPS
    ,
  ]
}

difference "certificates in the archive" {
  row        = "`set-certificate`, then raising and lowering `min_decryption_version`"
  reason     = "else that loses the chain"
  operations = ["backup"]
  path       = "data.backup.archived_keys.keys.*.certificate_chain"
  builtin    = "absent|null"
  pqtransit  = "\\[\"[A-Za-z0-9+/=]{40,}\".*\\]"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"allow_plaintext_backup":true,"exportable":true,"type":"ecdsa-p256"}
      GET keys/{{n}}k
      POST keys/{{n}}k/set-certificate {"certificate_chain":"{{2.keys.1.public_key|certificate}}","version":1}
      GET backup/{{n}}k
    STEPS
    ,
  ]
}

difference "version 0 of a key" {
  row        = "`keys/:name/csr` or `set-certificate` with `version=0`, which the documentation calls the latest"
  reason     = "0 is the latest, as the documentation says"
  operations = ["csr", "set-certificate"]
  builtin    = "400 (could not create the csr: |failed to persist certificate chain: could not validate key match between leaf certificate key and key version in transit: )?no such key version"
  pqtransit  = "200|400 (could not create the csr: )?(private key not imported for key version selected|.*certificate.*)"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST keys/{{n}}k/csr {"version":0}
    STEPS
    ,
  ]
}

difference "null as the version to import" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["import_version"]
  request    = "\"version\":null"
  builtin    = "500 WRAPno such key version"
  pqtransit  = "204|400 .*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"ciphertext":"{{wrap:SHA256:ed25519:1}}","type":"ed25519"}
      POST keys/{{n}}k/import_version {"ciphertext":"{{wrap:SHA256:ed25519:2}}","version":null}
    STEPS
    ,
  ]
}

difference "null as a batch item's parameter" {
  row        = "there, with its zero value; in `config` that sets `min_decryption_version` to 1"
  reason     = "null is no value"
  operations = ["encrypt", "decrypt", "rewrap"]
  request    = ":null"
  builtin    = "500 WRAPfailed to parse batch input: \\d+ error\\(s\\) decoding:\\s+\\* '\\[\\d+\\]\\.\\w+' expected type '\\w+', got unconvertible type '<nil>'"
  pqtransit  = "2\\d\\d|400( [a-z].*)?"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST encrypt/{{n}}k {"batch_input":[{"plaintext":"","padding_scheme":null}]}
    STEPS
    ,
  ]
}

difference "certificates of public keys" {
  row        = "`set-certificate` of an RSA version of which only the public half was imported"
  reason     = "the built-in engine panics"
  operations = ["set-certificate"]
  builtin    = "dropped"
  pqtransit  = "200|400 .*certificate.*"
  examples = [
    <<-STEPS
      POST keys/{{n}}k/import {"public_key":"{{pem:rsa-2048:1}}","type":"rsa-2048"}
      POST keys/{{n}}k/set-certificate {"certificate_chain":"{{pem:rsa-2048:1|certificate}}","version":1}
    STEPS
    ,
  ]
}

difference "the context to read a key with" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "parameters before the key"
  operations = ["read"]
  request    = "context="
  builtin    = "404"
  pqtransit  = "400 failed to base64-decode context"
  examples = [
    <<-STEPS
      GET keys/{{n}}k?context=%25
    STEPS
    ,
  ]
}

difference "certificates of other keys" {
  row        = "`set-certificate` with another key's certificate"
  reason     = "the text says the contrary of what is meant"
  operations = ["set-certificate"]
  builtin    = "500 WRAPfailed to persist certificate chain: leaf certificate public key does match the key version selected"
  pqtransit  = "400 failed to persist certificate chain: leaf certificate public key does not match the key version selected"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST keys/{{n}}k/set-certificate {"certificate_chain":"{{pem:ecdsa-p256:1|certificate}}","version":1}
    STEPS
    ,
  ]
}

difference "null as the algorithm of HMACs in a batch that does not parse" {
  row        = "When several parameters are wrong, pqtransit names all that it can find"
  reason     = "null is no value, and so no mistake"
  operations = ["verify"]
  request    = ":null"
  builtin    = "400 unsupported algorithm '\\\\x00'"
  pqtransit  = "400 (failed to parse batch input: 'batch_input\\[\\d+\\].*|batch_input(\\[\\d+\\])?: expected a .*|(no|some) batch_input elements have .*|some elements of batch_input are missing 'hmac')"
  examples = [
    <<-STEPS
      POST keys/{{n}}k {}
      POST verify/{{n}}k {"algorithm":null,"batch_input":[{"hmac":1.5,"input":""}]}
    STEPS
    ,
  ]
}

difference "the status to which a batch of RSA ciphertexts reverts" {
  row        = "an RSA ciphertext that does not decrypt"
  reason     = "the caller's mistake is not a fault of the server"
  operations = ["decrypt"]
  path       = "warnings.*"
  builtin    = "\"invalid HTTP response code override from partial_failure_response_code, reverting to 500\""
  pqtransit  = "\"invalid HTTP response code override from partial_failure_response_code, reverting to 400\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"rsa-2048"}
      POST encrypt/{{n}}k {"plaintext":"YQ=="}
      POST decrypt/{{n}}k {"batch_input":[{"ciphertext":"{{2.ciphertext}}"},{"ciphertext":"vault:v1:AAAA"}],"partial_failure_response_code":600}
    STEPS
    ,
  ]
}

difference "periods beyond any" {
  row        = "a number written as `1.0` or `1e0`"
  reason     = "the plugin protocol carries the number and not how it was written"
  operations = ["config", "create", "import"]
  request    = "auto_rotate_period"
  builtin    = "400 Field validation failed: error converting input for field \"auto_rotate_period\": multiplication of durations resulted in overflow, one operand may be too large"
  pqtransit  = "400 Field validation failed: error converting input for field \"auto_rotate_period\": time: invalid duration \"9223372036854776000\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"auto_rotate_period":9223372036854775807}
    STEPS
    ,
  ]
}

difference "certificates that come back from the archive" {
  row        = "`set-certificate`, then raising and lowering `min_decryption_version`"
  reason     = "the built-in engine loses the chain"
  operations = ["config", "read", "rotate", "trim", "create"]
  path       = "data.keys.*.certificate_chain"
  builtin    = "\"\""
  pqtransit  = "\"-----BEGIN CERTIFICATE-----.*\""
  examples = [
    <<-STEPS
      POST keys/{{n}}k {"type":"ecdsa-p256"}
      POST keys/{{n}}k/rotate
      GET keys/{{n}}k
      POST keys/{{n}}k/set-certificate {"certificate_chain":"{{3.keys.1.public_key|certificate}}","version":1}
      POST keys/{{n}}k/config {"min_decryption_version":2}
      POST keys/{{n}}k/config {"min_decryption_version":1}
    STEPS
    ,
  ]
}
