import { describe, expect, it } from "@effect/vitest"
import { fromBase32, newTotpSecret, stepOfCode, toBase32, totpCode, totpStep, totpUri } from "@vigil/api/auth/Totp"
import { hashRecoveryCode, isRecoveryCode, newRecoveryCodes } from "@vigil/api/auth/RecoveryCode"
import * as fc from "effect/FastCheck"

/** RFC 6238 appendix B: the ASCII secret, times in seconds, and the codes of eight digits with HMAC-SHA-1. */
const rfcSecret = toBase32(new TextEncoder().encode("12345678901234567890"))
const rfcVectors = [
  [59, "94287082"],
  [1111111109, "07081804"],
  [1111111111, "14050471"],
  [1234567890, "89005924"],
  [2000000000, "69279037"],
  [20000000000, "65353130"]
] as const

describe("one-time passwords", () => {
  it("are those of RFC 6238 appendix B", () => {
    for (const [seconds, code] of rfcVectors) expect(totpCode(rfcSecret, totpStep(seconds * 1000), 8)).toBe(code)
  })

  it("are those of RFC 4226 appendix D", () => {
    const codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    expect(codes.map((_, step) => totpCode(rfcSecret, step))).toEqual(codes)
  })

  it("are good an interval before and after their own, and no further", () => {
    const secret = newTotpSecret()
    const now = 1_800_000_015_000
    const step = totpStep(now)
    for (const offset of [-1, 0, 1]) expect(stepOfCode(secret, totpCode(secret, step + offset), now)).toBe(step + offset)
    const near = new Set([-1, 0, 1].map((offset) => totpCode(secret, step + offset)))
    for (const offset of [-3, -2, 2, 3]) {
      const code = totpCode(secret, step + offset)
      if (!near.has(code)) expect(stepOfCode(secret, code, now)).toBeUndefined()
    }
    for (const odd of ["", "12345", "1234567", "abcdef", "１２３４５６"]) expect(stepOfCode(secret, odd, now)).toBeUndefined()
  })

  it("have secrets of 160 bits, which apps read from a link", () => {
    const secret = newTotpSecret()
    expect(fromBase32(secret)).toHaveLength(20)
    expect(totpUri("Vigil", "anna & bert", secret)).toBe(
      `otpauth://totp/Vigil:anna%20%26%20bert?secret=${secret}&issuer=Vigil&algorithm=SHA1&digits=6&period=30`
    )
  })
})

describe("base32", () => {
  it("is that of RFC 4648 section 10, without padding", () => {
    const vectors = { f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", fooba: "MZXW6YTB", foobar: "MZXW6YTBOI" }
    for (const [text, encoded] of Object.entries(vectors)) expect(toBase32(new TextEncoder().encode(text))).toBe(encoded)
  })

  it("gives back what was put in", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect([...fromBase32(toBase32(bytes))]).toEqual([...bytes])
      })
    )
  })
})

describe("recovery codes", () => {
  it("differ, and count however they are typed", () => {
    const codes = newRecoveryCodes()
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) {
      expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/)
      for (const typed of [code, code.toUpperCase(), code.replaceAll("-", " "), ` ${code.replaceAll("-", "")} `]) {
        expect(isRecoveryCode(typed), typed).toBe(true)
        expect(Buffer.from(hashRecoveryCode(typed))).toEqual(Buffer.from(hashRecoveryCode(code)))
      }
    }
    for (const odd of ["", "123456", "abcd-efgh-ijkl", "abcd-efgh-ijkl-mno1"]) expect(isRecoveryCode(odd), odd).toBe(false)
  })
})
