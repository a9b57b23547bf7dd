import type { Effect } from "effect"
import { Redacted } from "effect"
import { createHash } from "node:crypto"
import type { MasterKeyError } from "./MasterKey.js"

/** 256 bits. */
export type SecretKey = Redacted.Redacted<Uint8Array>

/** Tells keys apart without telling anything of them: 8 hexadecimal digits. */
export const keyMark = (key: SecretKey): string =>
  createHash("sha256").update("vigil key mark").update(Redacted.value(key)).digest("hex").slice(0, 8)

/** The master keys: one that data keys are wrapped with, and others that still open what they closed. */
export interface KeyRing {
  readonly current: () => SecretKey
  /** What the current key is to be replaced with. */
  readonly next: () => SecretKey | undefined
  readonly find: (mark: string) => SecretKey | undefined
  /** Looks again which keys there are. */
  readonly reload: Effect.Effect<void, MasterKeyError>
  /** Makes the next key the current one, for good where keys are in files; says whether it is. */
  readonly promote: Effect.Effect<boolean, MasterKeyError>
}
