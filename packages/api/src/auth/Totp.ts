/**
 * One-time passwords by the clock (RFC 6238) as authenticator apps make them: HMAC-SHA-1, six digits, intervals of 30 seconds.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"

/** RFC 4226 4 R6 recommends 160 bits. */
const secretBytes = 20
const digits = 6
const interval = 30
/** Intervals that a clock may be off, and a person slow (RFC 6238 5.2). */
const tolerance = 1

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** RFC 4648 6, without padding. */
export const toBase32 = (bytes: Uint8Array): string => {
  let text = ""
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}

/** What {@link toBase32} made; other characters count for nothing. */
export const fromBase32 = (text: string): Uint8Array => {
  const bytes: Array<number> = []
  let held = 0
  let bits = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) continue
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >>> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  return Uint8Array.from(bytes)
}

/** A fresh secret, base32. */
export const newTotpSecret = (): string => toBase32(randomBytes(secretBytes))

/** The interval of a time in milliseconds: `T` of RFC 6238 4.2. */
export const totpStep = (milliseconds: number): number => Math.floor(milliseconds / 1000 / interval)

/** The code of an interval (RFC 4226 5.3). */
export const totpCode = (secret: string, step: number, length = digits): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac("sha1", fromBase32(secret)).update(counter).digest()
  const offset = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 10 ** length).padStart(length, "0")
}

/** The interval around `now` (milliseconds) that a code is of; none for a wrong one. */
export const stepOfCode = (secret: string, code: string, now: number): number | undefined => {
  if (!/^\d{6}$/.test(code)) return undefined
  const given = Buffer.from(code)
  const current = totpStep(now)
  const steps = Array.from({ length: 2 * tolerance + 1 }, (_, index) => current - tolerance + index)
  return steps.findLast((step) => timingSafeEqual(given, Buffer.from(totpCode(secret, step))))
}

/** What apps read from a QR code (Key URI Format of Google Authenticator). */
export const totpUri = (issuer: string, account: string, secret: string): string => {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${digits}&period=${interval}`
}
