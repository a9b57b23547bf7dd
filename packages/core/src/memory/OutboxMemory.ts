import { Effect, PubSub, Stream } from "effect"
import { type BusMessage, subjectId } from "../BusMessage.js"
import type { Outbox } from "../port/Outbox.js"

/** Where the stores of this process put the messages of their changes. */
export type OutboxMemory = typeof Outbox.Service & {
  readonly add: (messages: ReadonlyArray<BusMessage>) => Effect.Effect<void>
}

export const makeOutboxMemory: Effect.Effect<OutboxMemory> = Effect.gen(function* () {
  const waiting = new Set<BusMessage>()
  const changed = yield* PubSub.sliding<void>(1)
  const relaying = yield* Effect.makeSemaphore(1)

  const oldest = () => {
    const bySubject = new Map([...waiting].reverse().map((message) => [subjectId(message), message]))
    return [...bySubject.values()].reverse()
  }

  return {
    add: (messages) =>
      Effect.suspend(() => {
        for (const message of messages) waiting.add(message)
        return Effect.asVoid(PubSub.publish(changed, undefined))
      }),
    relay: (publish) =>
      Effect.suspend(() =>
        Effect.reduce(oldest(), 0, (count, message) =>
          Effect.map(publish(message), (done) => count + (done && waiting.delete(message) ? 1 : 0))
        )
      ).pipe(relaying.withPermits(1)),
    depth: Effect.sync(() => waiting.size),
    changes: Stream.fromPubSub(changed)
  }
})
