import { Data, Effect, Redacted } from "effect"
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"

/** The box was closed with another key, for another owner, or was changed. */
export class SecretUnreadable extends Data.TaggedError("SecretUnreadable")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

const version = 1
const nonceBytes = 12
const tagBytes = 16
const headerBytes = 1 + 4 + nonceBytes

/** Tells keys apart without telling anything of them. */
const keyMark = (key: Uint8Array): Buffer => createHash("sha256").update("vigil key mark").update(key).digest().subarray(0, 4)

/**
 * Encrypts with AES-256-GCM: version (1 byte), mark of the key (4), nonce (12), ciphertext, tag (16). `owner` is authenticated
 * along (NIST SP 800-38D), so that a box cannot be moved to another row.
 */
export const seal = (key: Redacted.Redacted<Uint8Array>, owner: string, secret: string): Uint8Array => {
  const keyValue = Redacted.value(key)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv("aes-256-gcm", keyValue, nonce).setAAD(Buffer.from(owner))
  const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()])
  return Buffer.concat([Buffer.of(version), keyMark(keyValue), nonce, sealed, cipher.getAuthTag()])
}

/** Opens what {@link seal} closed for the same owner. */
export const unseal = (
  key: Redacted.Redacted<Uint8Array>,
  owner: string,
  box: Uint8Array
): Effect.Effect<Redacted.Redacted, SecretUnreadable> =>
  Effect.suspend(() => {
    const bytes = Buffer.from(box)
    const keyValue = Redacted.value(key)
    if (bytes.length < headerBytes + tagBytes || bytes[0] !== version) {
      return Effect.fail(new SecretUnreadable({ detail: "the stored secret is damaged or of a newer program" }))
    }
    if (!bytes.subarray(1, 5).equals(keyMark(keyValue))) {
      return Effect.fail(
        new SecretUnreadable({ detail: "the secret was stored with another key: bring back the key file or VIGIL_KEY" })
      )
    }
    return Effect.try({
      try: () => {
        const decipher = createDecipheriv("aes-256-gcm", keyValue, bytes.subarray(5, headerBytes))
          .setAAD(Buffer.from(owner))
          .setAuthTag(bytes.subarray(-tagBytes))
        const opened = Buffer.concat([decipher.update(bytes.subarray(headerBytes, -tagBytes)), decipher.final()])
        return Redacted.make(opened.toString("utf8"))
      },
      catch: () => new SecretUnreadable({ detail: "the stored secret was changed or belongs to something else" })
    })
  })
