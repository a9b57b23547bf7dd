import { AckPolicy, createInbox, DeliverPolicy, type JetStreamManager, type Msg, nanos } from "nats"
import type { Nats } from "../nats/Nats.js"

/** A message of a stream, as it is kept. */
export interface StreamMessage {
  readonly sequence: number
  readonly subject: string
  readonly id: string
  readonly data: Uint8Array
}

/** Some messages of a stream, in order; `complete`: there were no more when it was read. */
export interface StreamPage {
  readonly messages: ReadonlyArray<StreamMessage>
  readonly complete: boolean
}

export interface StreamReader {
  readonly read: () => Promise<StreamPage>
}

/** What the server says of a delivery in its reply subject: `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<consumer's>.<time>.<pending>`. */
export interface DeliveryFacts {
  readonly sequence: number
  /** Counts the consumer's deliveries from 1, without gaps. */
  readonly count: number
  /** Messages that follow at the moment. */
  readonly pending: number
}

export const deliveryFacts = ({ reply }: Pick<Msg, "reply">): DeliveryFacts | undefined => {
  const tokens = reply?.split(".") ?? []
  // Newer servers put domain and account in front of the stream, and a random token at the end.
  const shift = tokens.length === 9 ? 0 : tokens.length >= 11 ? 2 : undefined
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || shift === undefined) return undefined
  const [sequence, count, , pending] = tokens.slice(5 + shift, 9 + shift).map(Number)
  return sequence === undefined || count === undefined || pending === undefined ? undefined : { sequence, count, pending }
}

const idOf = ({ headers }: Pick<Msg, "headers">): string => headers?.get("Nats-Msg-Id") ?? ""

/** Messages of one answer. */
const batch = 256
/** Bytes of one answer, unless a single message may be larger. */
const mostBytes = 4 * 1024 * 1024
const patience = 5000
/** The server forgets a reader that asks for nothing for so long. */
const forgottenAfter = 60_000

/** Consumers that read only: nothing is acknowledged, nothing is kept of them on disk. */
export const readerConsumer = (subject: string, from: number) => ({
  ack_policy: AckPolicy.None,
  deliver_policy: DeliverPolicy.StartSequence,
  opt_start_seq: Math.max(1, from),
  filter_subject: subject,
  mem_storage: true,
  num_replicas: 1
})

/**
 * Reads a stream's messages of a subject (with wildcards) from a sequence on, as much at a time as one answer holds. After a rejection the reader is
 * of no use any more: make another one where it ended.
 */
export const openStreamReader = async (
  nats: typeof Nats.Service,
  manager: JetStreamManager,
  stream: string,
  options: { readonly subject: string; readonly from: number; readonly headersOnly?: boolean }
): Promise<StreamReader> => {
  const { connection } = nats
  const consumer = await manager.consumers.add(stream, {
    ...readerConsumer(options.subject, options.from),
    headers_only: options.headersOnly ?? false,
    inactive_threshold: nanos(forgottenAfter)
  })
  const request = JSON.stringify({
    batch,
    no_wait: true,
    max_bytes: Math.max(mostBytes, 2 * (connection.info?.max_payload ?? 0))
  })
  let delivered = 0

  const read = () =>
    new Promise<StreamPage>((resolve, reject) => {
      const messages: Array<StreamMessage> = []
      const end = (error: Error | undefined, complete: boolean) => {
        clearTimeout(timer)
        forget()
        subscription.unsubscribe()
        if (error === undefined) resolve({ messages, complete })
        else reject(error)
      }
      const forget = nats.onChange((connected) => connected || end(new Error("the connection was lost"), false))
      const timer = setTimeout(() => end(new Error(`no answer within ${patience} ms`), false), patience)
      const subscription = connection.subscribe(createInbox(), {
        callback: (error, message) => {
          if (error !== null) return end(error, false)
          const code = message.headers?.code ?? 0
          // 404: nothing there; 408: what was there came, and the request is over; 409 behind messages: the answer is full.
          if (code === 404 || code === 408) return end(undefined, true)
          if (code === 409 && messages.length > 0) return end(undefined, false)
          const facts = deliveryFacts(message)
          if (facts === undefined)
            return end(new Error(`${code} ${message.headers?.description ?? "an answer without its place"}`), false)
          delivered += 1
          if (facts.count !== delivered) return end(new Error("messages were lost on the way"), false)
          messages.push({ sequence: facts.sequence, subject: message.subject, id: idOf(message), data: message.data })
          // Short of that the server says that it is done; before it does, it may send what is stored just now.
          if (messages.length === batch) end(undefined, facts.pending === 0)
        }
      })
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer.name}`, request, { reply: subscription.getSubject() })
    })

  return { read }
}
