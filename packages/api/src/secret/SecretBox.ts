/**
 * Envelope encryption (NIST SP 800-38D, SP 800-57 on key wrapping): each secret is closed with a data key of its own, and the data key with a master key. A
 * new master key wraps the data keys anew; the secrets themselves stay as they are.
 *
 * @module
 */
import { Data, Effect, Redacted } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { type KeyRing, keyMark, type SecretKey } from "./KeyRing.js"

/** The box was closed with another key, for another owner, or was changed. */
export class SecretUnreadable extends Data.TaggedError("SecretUnreadable")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

const direct = 1
const enveloped = 2

const nonceBytes = 12
const tagBytes = 16
const keyBytes = 32
const markEnd = 1 + 4
const wrappedEnd = markEnd + nonceBytes + keyBytes + tagBytes

/** What a data key is authenticated with; its secret is authenticated with its owner. */
const dataKey = "vigil data key"

/** AES-256-GCM: nonce, ciphertext, tag. `label` is authenticated along. */
const encrypt = (key: Uint8Array, label: string, secret: Uint8Array): Buffer => {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(label))
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
}

const decrypt = (key: Uint8Array, label: string, bytes: Buffer): Effect.Effect<Buffer, SecretUnreadable> =>
  Effect.try({
    try: () => {
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(label))
        .setAuthTag(bytes.subarray(-tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()])
    },
    catch: () => new SecretUnreadable({ detail: "the stored secret was changed or belongs to something else" })
  })

const envelope = (key: SecretKey, secretKey: Uint8Array, body: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of(enveloped), Buffer.from(keyMark(key), "hex"), encrypt(Redacted.value(key), dataKey, secretKey), body])

/**
 * Closes a secret: version 2 (1 byte), mark of the master key (4), wrapped data key (60), nonce (12), ciphertext, tag (16). `owner` is
 * authenticated along, so that a box cannot be moved to another row.
 */
export const seal = (ring: Pick<KeyRing, "current">, owner: string, secret: string): Uint8Array => {
  const own = randomBytes(keyBytes)
  return envelope(ring.current(), own, encrypt(own, owner, Buffer.from(secret, "utf8")))
}

const damaged = new SecretUnreadable({ detail: "the stored secret is damaged or of a newer program" })

/** A box by its parts: a direct one, as older programs made them, has its secret right behind the mark. */
const parse = (box: Uint8Array) => {
  const bytes = Buffer.from(box)
  const [version] = bytes
  const start = version === enveloped ? wrappedEnd : markEnd
  if ((version !== direct && version !== enveloped) || bytes.length < start + nonceBytes + tagBytes) return Effect.fail(damaged)
  return Effect.succeed({
    isDirect: version === direct,
    mark: bytes.subarray(1, markEnd).toString("hex"),
    wrapped: bytes.subarray(markEnd, wrappedEnd),
    body: bytes.subarray(start)
  })
}

/** Another process may have got a key since. */
const masterKey = (ring: KeyRing, mark: string) =>
  Effect.suspend(() => {
    const known = ring.find(mark)
    if (known !== undefined) return Effect.succeed(known)
    return ring.reload.pipe(
      Effect.mapError(({ message }) => new SecretUnreadable({ detail: message })),
      Effect.flatMap(() => Effect.fromNullable(ring.find(mark))),
      Effect.mapError(
        () => new SecretUnreadable({ detail: "the secret was stored with another key: bring back the key file or VIGIL_KEY" })
      )
    )
  })

/** Opens what {@link seal} closed for the same owner. */
export const unseal = (ring: KeyRing, owner: string, box: Uint8Array): Effect.Effect<Redacted.Redacted, SecretUnreadable> =>
  Effect.gen(function* () {
    const { body, isDirect, mark, wrapped } = yield* parse(box)
    const master = Redacted.value(yield* masterKey(ring, mark))
    const key = isDirect ? master : yield* decrypt(master, dataKey, wrapped)
    return Redacted.make((yield* decrypt(key, owner, body)).toString("utf8"))
  })

/** The same secret under another master key: its data key alone is closed anew, but for a box that has none yet. */
export const rewrap = (
  ring: KeyRing,
  to: SecretKey,
  owner: string,
  box: Uint8Array
): Effect.Effect<Uint8Array, SecretUnreadable> =>
  Effect.gen(function* () {
    const { body, isDirect, mark, wrapped } = yield* parse(box)
    if (isDirect) return seal({ current: () => to }, owner, Redacted.value(yield* unseal(ring, owner, box)))
    const master = yield* masterKey(ring, mark)
    return envelope(to, yield* decrypt(Redacted.value(master), dataKey, wrapped), body)
  })
