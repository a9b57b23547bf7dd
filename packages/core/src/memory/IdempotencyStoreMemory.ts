import { DateTime, Effect, Layer } from "effect"
import {
  type Beginning,
  type IdempotencyKey,
  idempotencyLifetime,
  IdempotencyStore,
  type KeptAnswer
} from "../port/IdempotencyStore.js"

interface Known {
  readonly since: DateTime.Utc
  readonly fingerprint: string
  answer: KeptAnswer | null | undefined
}

/** Requests that are remembered; the oldest are forgotten first. */
const most = 10_000

const nameOf = ({ caller, key, tenant }: IdempotencyKey): string => JSON.stringify([tenant, caller, key])

const beginningOf = (known: Known, fingerprint: string): Beginning => {
  if (known.fingerprint !== fingerprint) return { _tag: "OtherRequest" }
  if (known.answer === undefined) return { _tag: "UnderWay", since: known.since }
  return known.answer === null ? { _tag: "AnswerLost" } : { _tag: "Answered", answer: known.answer }
}

/** Keys within this process. */
export const layerIdempotencyStoreMemory: Layer.Layer<IdempotencyStore> = Layer.sync(IdempotencyStore, () => {
  /** In order of their age. */
  const requests = new Map<string, Known>()
  const forgetOld = (now: DateTime.Utc): number => {
    let forgotten = 0
    for (const [name, { since }] of requests) {
      if (since.epochMillis > now.epochMillis - idempotencyLifetime && requests.size <= most) break
      requests.delete(name)
      forgotten++
    }
    return forgotten
  }
  return {
    begin: (key, fingerprint) =>
      Effect.map(DateTime.now, (now): Beginning => {
        forgetOld(now)
        const known = requests.get(nameOf(key))
        if (known !== undefined) return beginningOf(known, fingerprint)
        requests.set(nameOf(key), { since: now, fingerprint, answer: undefined })
        return { _tag: "Begun" }
      }),
    finish: (key, answer) =>
      Effect.sync(() => {
        const known = requests.get(nameOf(key))
        if (known !== undefined) known.answer = answer
      }),
    release: (key) => Effect.sync(() => void requests.delete(nameOf(key))),
    clean: Effect.map(DateTime.now, forgetOld)
  }
})
