import { Data, Effect } from "effect"
import type { NatsConnection } from "nats"
import { encodeFrame, headerSize, pieceHeaderSize } from "./Frame.js"

/** A call or an answer is longer than a session carries. Send less of it, or put it into the object store and send its address. */
export class MessageTooLarge extends Data.TaggedError("MessageTooLarge")<{
  readonly subject: string
  readonly size: number
  readonly limit: number
}> {
  override get message() {
    return `${this.subject}: a message of ${this.size} bytes is over the limit of ${this.limit}: send less at a time`
  }
}

/** One direction of a session, at its sending end. */
export interface Outbound {
  readonly ping: () => void
  readonly pong: () => void
  /**
   * Sends one encoded message, in pieces where NATS takes no longer ones. Long messages follow one another, short ones pass between their pieces. Ends early
   * when `close` was called; interrupted, it tells the other side.
   */
  readonly send: (body: Uint8Array) => Effect.Effect<void, MessageTooLarge>
  readonly close: () => void
}

interface OutboundOptions {
  readonly connection: NatsConnection
  /** For errors: where the session is, is nobody's business. */
  readonly name: string
  readonly subject: string
  /** Where the other side answers; NATS tells us there when nobody listens at `subject`. */
  readonly reply: string
  /** Bytes of the longest message that the other side takes. */
  readonly limit: number
}

/** A frame is no longer than this even where NATS takes more: others wait behind it. */
const frameLimit = 1024 * 1024

/** NATS's default, until the server has said what it takes. */
const defaultPayload = 1024 * 1024

/** Pieces that are handed to NATS before we wait until it has taken them. */
const burst = 4

export const makeOutbound = ({ connection, limit, name, reply, subject }: OutboundOptions): Outbound => {
  const onlyOne = Effect.unsafeMakeSemaphore(1)
  const options = { reply }
  const ended: Set<() => void> = new Set()
  let closed = false
  let sequence = 0
  const next = (): number => {
    const current = sequence
    sequence = (sequence + 1) >>> 0
    return current
  }
  const publish = (bytes: Uint8Array): void => {
    if (!closed && !connection.isClosed()) connection.publish(subject, bytes, options)
  }
  const frameSize = (): number => Math.min(connection.info?.max_payload ?? defaultPayload, frameLimit)

  /** Resumes when the NATS server has taken what was published, or cannot any more. */
  const taken = Effect.async<void>((resume) => {
    if (closed || connection.isClosed()) return resume(Effect.void)
    const done = () => {
      ended.delete(done)
      resume(Effect.void)
    }
    ended.add(done)
    // swallowed: a lost connection ends the session, and that is told
    const flushed = connection.flush().catch(() => undefined)
    void flushed.finally(done)
    return Effect.sync(() => void ended.delete(done))
  })

  const sendPieces = (body: Uint8Array): Effect.Effect<void> =>
    Effect.suspend(() => {
      let offset = 0
      return Effect.whileLoop({
        while: () => offset < body.length && !closed,
        body: () => {
          const size = Math.max(1, frameSize() - pieceHeaderSize)
          for (let piece = 0; piece < burst && offset < body.length; piece++) {
            const part = body.subarray(offset, offset + size)
            publish(encodeFrame({ _tag: "Piece", sequence: next(), total: body.length, offset, body: part }))
            offset += part.length
          }
          return offset < body.length ? taken : Effect.void
        },
        step: () => {}
      }).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            if (offset > 0 && offset < body.length) publish(encodeFrame({ _tag: "Abandon", sequence: next() }))
          })
        )
      )
    })

  return {
    ping: () => publish(encodeFrame({ _tag: "Ping", sequence: next() })),
    pong: () => publish(encodeFrame({ _tag: "Pong", sequence: next() })),
    send: (body) =>
      Effect.suspend(() => {
        if (body.length > limit) return new MessageTooLarge({ subject: name, size: body.length, limit })
        if (body.length + headerSize > frameSize()) return onlyOne.withPermits(1)(sendPieces(body))
        publish(encodeFrame({ _tag: "Whole", sequence: next(), body }))
        return Effect.void
      }),
    close: () => {
      closed = true
      for (const done of [...ended]) done()
    }
  }
}
