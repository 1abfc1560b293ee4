// Cryptography as the router and the client see it: a door, because Node and browsers have different ones. What is fast and
// present everywhere answers at once; what is slow, or asynchronous on some platform, answers through `done`, possibly at once.

/** What Argon2id costs (RFC 9106); version 1.3 and parallelism 1 are fixed (AUTH-41). */
export interface Argon2Cost {
  /** Passes over the memory. */
  readonly iterations: number
  readonly memoryKiB: number
  /** Bytes of the result. */
  readonly length: number
}

/** The caller checks lengths: seeds and public keys are 32 bytes, signatures 64. */
export interface Crypto {
  /** `length` bytes that nobody can predict. */
  randomBytes(length: number): Uint8Array
  /** 32 bytes. */
  sha256(data: Uint8Array): Uint8Array
  /** 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** Compares in a time that does not depend on where the two differ; different lengths are unequal. */
  isEqual(one: Uint8Array, other: Uint8Array): boolean

  /**
   * PBKDF2 with HMAC-SHA256 (RFC 8018), a key of `length` bytes. `done` gets undefined when too many derivations wait already,
   * so that a flood of logins cannot pile up work without end.
   */
  pbkdf2Sha256(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
    done: (key: Uint8Array | undefined) => void,
  ): void
  /** Whether this platform has Argon2id: without it, `argon2id` answers undefined. */
  readonly hasArgon2id: boolean
  /** Argon2id. `done` gets undefined when this platform has none, or when too many derivations wait already. */
  argon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2Cost, done: (key: Uint8Array | undefined) => void): void

  /** The public key of the private key that `seed` makes (RFC 8032). */
  ed25519PublicKey(seed: Uint8Array, done: (publicKey: Uint8Array) => void): void
  ed25519Sign(seed: Uint8Array, message: Uint8Array, done: (signature: Uint8Array) => void): void
  /** A key that is no point of the curve verifies nothing. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, done: (isValid: boolean) => void): void
}

/** What a router computes beside: codes of devices (RFC 6238) are made with SHA-1. */
export interface RouterCrypto extends Crypto {
  /** 20 bytes. */
  hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array
}
