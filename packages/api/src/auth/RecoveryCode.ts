import { randomBytes } from "node:crypto"
import { hashToken } from "./Token.js"
import { toBase32 } from "./Totp.js"

/** Bytes of a code: nobody guesses 80 bits, so that its hash needs neither salt nor stretching. */
const codeBytes = 10
const count = 10

const grouped = (text: string): string => (text.match(/.{4}/g) ?? []).join("-").toLowerCase()

/** Ten fresh codes: `abcd-efgh-ijkl-mnop`. */
export const newRecoveryCodes = (): ReadonlyArray<string> =>
  Array.from({ length: count }, () => grouped(toBase32(randomBytes(codeBytes))))

/** Whether what was typed may be a recovery code. */
export const isRecoveryCode = (text: string): boolean => /^([a-z2-7][\s-]*){16}$/i.test(text.trim())

/** What is kept of a code, however its letters and groups were typed. */
export const hashRecoveryCode = (code: string): Uint8Array => hashToken(code.replace(/[\s-]/g, "").toUpperCase())
