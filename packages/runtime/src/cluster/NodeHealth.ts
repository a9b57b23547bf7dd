import type { NodeName } from "@vigil/core/Node"
import { Effect, type Scope } from "effect"
import { createInbox } from "nats"
import { Nats } from "../nats/Nats.js"
import { isNoResponders } from "../rpc/NoResponders.js"

/** `absent`: nobody listens for this name; `silent`: no answer, or our own connection is away. */
export type Answer = "up" | "draining" | "absent" | "silent"

/** Milliseconds between two questions to one node, and after the first of them until it counts as silent. */
const again = 250
const patience = 3000
/** Questions to a node of which nobody knows, until it counts as absent: after NATS was restarted it may not have subscribed again at the first. */
const denials = 2
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

const readAnswer = (data: Uint8Array): Answer => (decoder.decode(data) === "draining" ? "draining" : "up")

/**
 * Asks again and again until there is an answer, also a late one, or nobody is there, or the patience is over. One question alone would take long to say that a node is
 * gone which died while it was on its way.
 */
export const askHealth = (node: NodeName): Effect.Effect<Answer, never, Nats> =>
  Effect.flatMap(Nats, (nats) =>
    Effect.async<Answer>((resume) => {
      const { connection } = nats
      if (connection.isClosed()) return resume(Effect.as(Effect.sleep(again), "silent" as const))
      const inbox = createInbox()
      let denied = 0
      const subscription = connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error !== null) return
          if (!isNoResponders(message)) end(readAnswer(message.data))
          else if (++denied >= denials) end("absent")
        }
      })
      const ask = () => {
        if (!connection.isClosed()) connection.publish(subjectOf(nats, node), empty, { reply: inbox })
      }
      const asking = setInterval(ask, again)
      const giveUp = setTimeout(() => end("silent"), patience)
      const stop = () => {
        clearInterval(asking)
        clearTimeout(giveUp)
        if (!connection.isClosed()) subscription.unsubscribe()
      }
      const end = (answer: Answer) => {
        stop()
        resume(Effect.succeed(answer))
      }
      ask()
      return Effect.sync(stop)
    })
  )

/**
 * Whether a node is dead: nobody listens for its name, or it is silent while we hear ourselves over the same server. A node that stands still for
 * longer than that counts as dead too; it finds its locks gone when it goes on.
 */
export const isDead = (node: NodeName, self: NodeName): Effect.Effect<boolean, never, Nats> =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const isSettled = () => nats.connectedFor() >= settling
    if (!isSettled()) return false
    const answer = yield* askHealth(node)
    if (answer === "up" || answer === "draining") return false
    return isSettled() && (answer === "absent" || (yield* askHealth(self)) === "up")
  })
