import { Effect, type Scope } from "effect"
import { createInbox, type Msg, type NatsConnection } from "nats"

/** Milliseconds that one question waits at the server: a place that somebody else is busy with answers no sooner. */
export const askTime = 25

/** Milliseconds after which no answer is expected any more. NATS 2.9 lets some questions that expire go without a word. */
const answerLimit = 1000

const question = JSON.stringify({ batch: 1, expires: askTime * 1_000_000 })

/** A job's message that a worker has, and how it is answered. */
export interface PulledMessage {
  readonly stream: string
  readonly consumer: string
  readonly data: Uint8Array
  /** In its stream. */
  readonly sequence: number
  /** Counts the deliveries, from 1. */
  readonly delivery: number
  /** Messages that the consumer had not delivered yet, when it delivered this one. */
  readonly pending: number
  /** Milliseconds since 1970, by the server's clock. */
  readonly storedAt: number
  readonly ack: () => void
  /** Resolves once the server has removed it. */
  readonly ackSurely: () => Promise<void>
  /** It comes again after so many milliseconds. */
  readonly nak: (after: number) => void
  readonly working: () => void
  readonly term: () => void
}

/** `Gone`: the consumer, or its stream, is not there. */
export type PullAnswer =
  | { readonly _tag: "Message"; readonly message: PulledMessage }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Gone" }

/** Asks a consumer for its next message. Rejects while there is no connection. */
export type Pull = (stream: string, consumer: string) => Promise<PullAnswer>

/**
 * The reply subject of a message tells of its delivery: `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`, with
 * domain and account before the stream in later versions (ADR-15 of NATS).
 */
const pulled = (connection: NatsConnection, { data, reply = "" }: Msg): PulledMessage => {
  const tokens = reply.split(".")
  const after = tokens.length > 9 ? 2 : 0
  const [stream = "", consumer = ""] = tokens.slice(2 + after)
  const [delivery = 1, sequence = 0, , nanoseconds = 0, pending = 0] = tokens.slice(4 + after, 9 + after).map(Number)
  const answer = (verb: string) => {
    if (!connection.isClosed()) connection.publish(reply, verb)
  }
  return {
    stream,
    consumer,
    data,
    sequence,
    delivery,
    pending,
    storedAt: nanoseconds / 1_000_000,
    ack: () => answer("+ACK"),
    ackSurely: async () => {
      await connection.request(reply, "+ACK", { timeout: 2000 })
    },
    nak: (milliseconds) => answer(milliseconds > 0 ? `-NAK {"delay":${milliseconds * 1_000_000}}` : "-NAK"),
    working: () => answer("+WPI"),
    term: () => answer("+TERM")
  }
}

const nothing: PullAnswer = { _tag: "Nothing" }
const gone: PullAnswer = { _tag: "Gone" }

interface Asked {
  readonly stream: string
  readonly consumer: string
  readonly settle: (answer: PullAnswer) => void
}

/** Asks through one inbox of its own, until the scope closes. A message that comes when nobody waits for it any more is given back at once. */
export const makePull = (connection: NatsConnection): Effect.Effect<Pull, never, Scope.Scope> =>
  Effect.gen(function* () {
    const inbox = createInbox()
    /** By the inbox of the question. A status comes there; a message comes under its own subject, and tells whose it is. */
    const asked = new Map<string, Asked>()
    let numbers = 0

    const whoAsked = ({ consumer, stream }: PulledMessage): Asked | undefined => {
      for (const candidate of asked.values()) if (candidate.consumer === consumer && candidate.stream === stream) return candidate
      return undefined
    }

    const onMessage = (received: Msg) => {
      const code = received.headers?.code ?? 0
      if (code !== 0) return asked.get(received.subject)?.settle(code === 404 || code === 408 ? nothing : gone)
      const message = pulled(connection, received)
      const waiting = whoAsked(message)
      if (waiting === undefined) message.nak(0)
      else waiting.settle({ _tag: "Message", message })
    }

    yield* Effect.acquireRelease(
      Effect.sync(() =>
        connection.subscribe(`${inbox}.*`, {
          callback: (error, message) => {
            if (error === null) onMessage(message)
          }
        })
      ),
      (subscription) =>
        Effect.sync(() => {
          subscription.unsubscribe()
          for (const { settle } of asked.values()) settle(nothing)
        })
    )

    return (stream, consumer) =>
      new Promise((resolve) => {
        const reply = `${inbox}.${numbers++}`
        connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, question, { reply })
        const settle = (answer: PullAnswer) => {
          clearTimeout(timer)
          asked.delete(reply)
          resolve(answer)
        }
        const timer = setTimeout(() => settle(nothing), answerLimit)
        asked.set(reply, { stream, consumer, settle })
      })
  })
