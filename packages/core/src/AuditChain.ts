/**
 * What makes a change of the audit trail show: each entry has a SHA-256 of itself and of the hash of the entry before it. The canonical form is the entry's
 * own JSON without `hash`, by RFC 8785 (keys sorted, no blanks), so that anybody who has the entries can check them without Vigil.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import { Effect, Schema } from "effect"
import { AuditEntry, type AuditHash } from "./AuditEntry.js"
import type { AuditBreak, AuditMark, AuditVerification } from "./AuditVerification.js"

/** Stands before the first entry of a trail. */
const firstHash: AuditHash = "0".repeat(64)

const byCodeUnits = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/** JSON as RFC 8785 has it, of a value that JSON can say. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item: unknown) => canonicalJson(item ?? null)).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields
    .sort(byCodeUnits)
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
    .join(",")}}`
}

type Encoded = typeof AuditEntry.Encoded

type Said = Omit<Encoded, "hash" | "previousHash" | "sequence">

/**
 * The canonical form of what an entry says, around its place in the chain: between the two stand the quoted hash of the entry before, `,"sequence":` and its
 * number. Whoever knows the place can hash the entry without knowing the form.
 */
export const formAround = ({ action, actor, address, after, at, before, subject, tenantId }: Said) => ({
  head: `${canonicalJson({ action, actor, address, after, at, before }).slice(0, -1)},"previousHash":`,
  tail: `,${canonicalJson({ subject, tenantId }).slice(1)}`
})

/** The hash of an entry; it covers `previousHash`, and with it everything before. */
const hashOf = ({ previousHash, sequence, ...said }: Omit<Encoded, "hash">) => {
  const { head, tail } = formAround(said)
  return bytesToHex(sha256(new TextEncoder().encode(`${head}"${previousHash}","sequence":${sequence}${tail}`)))
}

const encodeEntry = Schema.encodeSync(AuditEntry)

/** The last entry of a trail, or of the part of it that is known to be whole. */
export type ChainEnd = AuditMark

export const chainStart: ChainEnd = { sequence: 0, hash: firstHash }

/** The next entry, by what it says. */
export const chainEntry = (end: ChainEnd, said: Said): Encoded => {
  const entry = { ...said, sequence: end.sequence + 1, previousHash: end.hash }
  return { ...entry, hash: hashOf(entry) }
}

const removed = (sequence: number): AuditBreak => ({ kind: "removed", sequence, detail: `entry ${sequence} is not there` })

const changed = (sequence: number, detail: string): AuditBreak => ({ kind: "changed", sequence, detail })

/** How many entries may have been taken out, with the others numbered anew, for it to be told where. */
const mostTakenOut = 64

/** What was done to an entry that is not what was hashed. */
const forged = (end: ChainEnd, entry: typeof AuditEntry.Encoded): AuditBreak => {
  if (entry.hash === end.hash) {
    return { kind: "inserted", sequence: entry.sequence, detail: "it is a copy of the entry before it" }
  }
  const wasAt = (sequence: number) => hashOf({ ...entry, sequence }) === entry.hash
  for (let out = 1; out <= mostTakenOut; out++) {
    if (wasAt(entry.sequence + out)) {
      return {
        kind: "removed",
        sequence: entry.sequence,
        detail: `${out === 1 ? "an entry was" : `${out} entries were`} taken out before it, and the rest numbered anew`
      }
    }
    if (wasAt(entry.sequence - out)) {
      const sequence = entry.sequence - out
      return {
        kind: "inserted",
        sequence,
        detail: `${out === 1 ? "it was" : `${out} entries were`} put in, and the rest numbered anew`
      }
    }
  }
  return entry.previousHash === end.hash
    ? changed(entry.sequence, "what it says is not what was hashed")
    : changed(entry.sequence, "neither what it says nor the entry before it is what was hashed")
}

/** Goes one entry on: the new end of the whole part, or what is wrong with the first entry that does not follow. */
const follow = (end: ChainEnd, entry: AuditEntry): ChainEnd | AuditBreak => {
  const encoded = encodeEntry(entry)
  if (entry.sequence > end.sequence + 1) return removed(end.sequence + 1)
  if (hashOf(encoded) !== entry.hash) return forged(end, encoded)
  if (entry.previousHash === end.hash) return { sequence: entry.sequence, hash: entry.hash }
  return end.sequence === 0
    ? changed(entry.sequence, "it does not begin the trail")
    : changed(end.sequence, "it was changed and hashed anew: the entry after it knows another hash of it")
}

const isBreak = (result: ChainEnd | AuditBreak): result is AuditBreak => "kind" in result

/** What is wrong where the entries end: they must end as the trail's counter says. */
const checkEnd = (end: ChainEnd, head: ChainEnd, last: number): AuditBreak | null => {
  if (end.sequence < head.sequence) return removed(end.sequence + 1)
  if (end.hash !== head.hash) return changed(end.sequence, "it was changed and hashed anew: the trail ends with another hash")
  if (last > head.sequence) {
    return { kind: "inserted", sequence: head.sequence + 1, detail: "the trail ended before it: Vigil did not write it" }
  }
  return null
}

/** A trail as it is stored. */
export interface StoredTrail<E, R> {
  /** What the trail's counter says that the last entry is. */
  readonly end: ChainEnd
  /** The highest sequence of an entry that is there. */
  readonly last: number
  /** Some entries after a sequence in order, none where there are no more. */
  readonly after: (sequence: number) => Effect.Effect<ReadonlyArray<AuditEntry>, E, R>
}

const forgotten = ({ sequence }: AuditMark, end: ChainEnd): AuditBreak =>
  sequence > end.sequence
    ? { kind: "removed", sequence: end.sequence + 1, detail: `the trail ended at ${sequence} or later when the mark was noted` }
    : changed(Math.max(1, sequence), "it, or one before it, is not what it was when the mark was noted")

/** Follows the chain from its start to its end, some entries at a time, or to its first fault. */
export const verifyChain = <E, R>(trail: StoredTrail<E, R>, noted?: AuditMark): Effect.Effect<AuditVerification, E, R> =>
  Effect.gen(function* () {
    let end = chainStart
    let isNoted = noted === undefined || (noted.sequence === 0 && noted.hash === firstHash)
    const result = (broken: AuditBreak | null): AuditVerification => ({ entries: end.sequence, mark: end, broken })
    while (end.sequence < trail.end.sequence) {
      const entries = (yield* trail.after(end.sequence)).filter(({ sequence }) => sequence <= trail.end.sequence)
      if (entries.length === 0) break
      for (const entry of entries) {
        const next = follow(end, entry)
        if (isBreak(next)) return result(next)
        end = next
        isNoted ||= noted?.sequence === end.sequence && noted.hash === end.hash
      }
      // Hashing must not keep the event loop from others.
      yield* Effect.yieldNow()
    }
    const broken = checkEnd(end, trail.end, trail.last)
    if (broken === null && noted !== undefined && !isNoted) return result(forgotten(noted, end))
    return result(broken)
  })
