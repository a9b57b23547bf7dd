import { Effect, Schedule } from "effect"
import { createInbox, type JetStreamManager, type Msg, nanos } from "nats"
import type { Nats } from "../nats/Nats.js"
import { deliveryFacts, readerConsumer } from "./StreamReader.js"

/** The server gives a sign of life this often; after three that did not come the tail is followed anew. */
const heartbeat = 2000
const again = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("30 seconds")
)

export interface StreamTailOptions {
  readonly nats: typeof Nats.Service
  readonly manager: JetStreamManager
  readonly stream: string
  readonly subject: string
  /** The first sequence that is wanted. */
  readonly from: number
  readonly onMessage: (sequence: number, message: Msg) => void
  /** Somebody deleted the stream and it was made again: sequences begin with 1. */
  readonly onBegunAnew: () => void
  readonly onWarning: (text: string) => void
}

const consumerDeliveries = (message: Msg): number => Number(message.headers?.get("Nats-Last-Consumer") ?? 0)

/**
 * Hands every message of the stream to `onMessage` as it is stored, in order and once, over restarts of the server and lost connections: each time
 * it goes on behind the last one. Never ends; `begun` is called when the server delivers for the first time.
 */
export const followStream = (options: StreamTailOptions, begun: () => void): Effect.Effect<never> => {
  const { manager, nats, onBegunAnew, onMessage, onWarning, stream, subject } = options
  const { connection } = nats
  let next = options.from
  let created: string | undefined

  const session = Effect.async<never, Error>((resume) => {
    let delivered = 0
    let heard = performance.now()
    const lost = (why: string) => resume(Effect.fail(new Error(why)))

    const take = (message: Msg) => {
      heard = performance.now()
      const facts = deliveryFacts(message)
      if (facts !== undefined) {
        delivered += 1
        if (facts.count !== delivered) return lost("messages were lost on the way")
        next = facts.sequence + 1
        return onMessage(facts.sequence, message)
      }
      if (message.headers?.code !== 100) return lost(`${message.headers?.code} ${message.headers?.description}`)
      // A question of flow control is answered; a sign of life tells how many deliveries there should have been.
      if (message.reply !== undefined && message.reply !== "") message.respond()
      else if (consumerDeliveries(message) > delivered) lost("messages were lost on the way")
    }

    const inbox = createInbox()
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => (error === null ? take(message) : lost(error.message))
    })
    const watch = setInterval(() => performance.now() - heard > 3 * heartbeat && lost("the server is silent"), heartbeat)
    const forget = nats.onChange((connected) => connected || lost("the connection was lost"))
    const consumer = manager.consumers.add(stream, {
      ...readerConsumer(subject, next),
      deliver_subject: inbox,
      idle_heartbeat: nanos(heartbeat),
      flow_control: true,
      max_deliver: 1
    })
    consumer.then(begun, (error: unknown) => lost(error instanceof Error ? error.message : String(error)))

    return Effect.promise(async () => {
      clearInterval(watch)
      forget()
      subscription.unsubscribe()
      // swallowed: the server removes it by itself when nobody is subscribed any more
      await consumer.then(({ name }) => manager.consumers.delete(stream, name)).catch(() => undefined)
    }).pipe(Effect.timeoutOption("1 second"))
  })

  /** A stream that was deleted and made anew counts from 1 again; one whose server lost its newest messages counts on from what is left. */
  const align = Effect.tryPromise({
    try: async () => {
      const info = await manager.streams.info(stream)
      const isNew = created !== undefined && created !== info.created
      created = info.created
      const { last_seq: last } = info.state
      if (!isNew && last + 1 >= next) return
      onWarning(
        `the stream ${stream} ends at ${last}, and was at ${next - 1} before: its server lost messages, or somebody deleted it`
      )
      next = isNew ? 1 : last + 1
      if (isNew) onBegunAnew()
    },
    catch: (error) => (error instanceof Error ? error : new Error(String(error)))
  })

  return Effect.suspend(() =>
    nats.connectedFor() > 0 ? Effect.zipRight(align, session) : Effect.fail(new Error("NATS is away"))
  ).pipe(
    Effect.tapError((error) => Effect.logDebug(`tail of ${stream}: ${error.message}`)),
    Effect.retry(again),
    // swallowed: nothing, the schedule has no end
    Effect.orDie
  )
}
