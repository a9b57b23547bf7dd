import type { NodeName } from "@vigil/core/Node"
import { Effect, type Scope } from "effect"
import { ErrorCode, NatsError } from "nats"
import { Nats } from "../nats/Nats.js"

/** `absent`: nobody listens for this name; `silent`: no answer, or our own connection is away. */
export type Answer = "up" | "draining" | "absent" | "silent"

/** Milliseconds for one answer. */
const patience = 1000
const timeouts = 3
/** Between two answers that nobody listens; after NATS was restarted a node may not have subscribed again at the first. */
const again = "250 millis"
/** Milliseconds after our own connection was made in which nobody is declared dead. */
const settling = 3000

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const empty = new Uint8Array(0)

const subjectOf = (nats: typeof Nats.Service, node: NodeName) => nats.subject("runner", node, "health")

/** Answers for this node from the connection's callback: without a fiber, so that it says whether the event loop runs, and nothing else. */
export const answerHealth = (node: NodeName, isDraining: () => boolean): Effect.Effect<void, never, Nats | Scope.Scope> =>
  Effect.gen(function* () {
    const nats = yield* Nats
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        nats.connection.subscribe(subjectOf(nats, node), {
          callback: (error, message) => {
            if (error === null) message.respond(encoder.encode(isDraining() ? "draining" : "up"))
          }
        })
      ),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
    )
  })

export const askHealth = (node: NodeName): Effect.Effect<Answer, never, Nats> =>
  Effect.flatMap(Nats, (nats) =>
    Effect.tryPromise(() => nats.connection.request(subjectOf(nats, node), empty, { timeout: patience })).pipe(
      Effect.map((message): Answer => (decoder.decode(message.data) === "draining" ? "draining" : "up")),
      Effect.catchAll(({ error }) => {
        const isAbsent = error instanceof NatsError && error.code === ErrorCode.NoResponders
        // A connection that is down answers at once.
        return isAbsent ? Effect.succeed<Answer>("absent") : Effect.as(Effect.sleep("50 millis"), "silent" as const)
      })
    )
  )

/**
 * Whether a node is dead: nobody listens for its name, twice, or it is silent three times while we hear ourselves over the same server. A node that stands still
 * for longer than that counts as dead too; it finds its locks gone when it goes on.
 */
export const isDead = (node: NodeName, self: NodeName): Effect.Effect<boolean, never, Nats> =>
  Effect.gen(function* () {
    const nats = yield* Nats
    if (nats.connectedFor() < settling) return false
    let absent = 0
    for (let asked = 0; asked < timeouts; asked++) {
      const answer = yield* askHealth(node)
      if (answer === "up" || answer === "draining") return false
      if (answer === "absent" && ++absent === 2) return nats.connectedFor() >= settling
      if (answer === "absent") yield* Effect.sleep(again)
    }
    return (yield* askHealth(self)) === "up" && nats.connectedFor() >= settling
  })
