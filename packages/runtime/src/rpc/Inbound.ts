import type { Frame } from "./Frame.js"

/** Bytes of half-received messages that all sessions of one protocol may hold together. */
export interface AssemblyBudget {
  available: number
}

/** What a frame of a session means. `Violation`: the frames are not what the other side sent, so the session is worth nothing any more. */
export type Arrival =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Message"; readonly body: Uint8Array }
  | { readonly _tag: "Ping" }
  | { readonly _tag: "Violation"; readonly reason: string }

/** One direction of a session, at its receiving end: sees to it that nothing is missing, and puts pieces together. */
export interface Inbound {
  readonly accept: (frame: SessionFrame) => Arrival
  /** Gives back what a half-received message holds. */
  readonly close: () => void
}

/** Frames that are numbered. */
export type SessionFrame = Extract<Frame, { readonly sequence: number }>

const nothing: Arrival = { _tag: "Nothing" }
const ping: Arrival = { _tag: "Ping" }

const violation = (reason: string): Arrival => ({ _tag: "Violation", reason })

/** `limit`: bytes of the longest message. */
export const makeInbound = (limit: number, budget: AssemblyBudget): Inbound => {
  let expected = 0
  let partial: { readonly bytes: Uint8Array; received: number } | undefined

  const drop = (): void => {
    budget.available += partial?.bytes.length ?? 0
    partial = undefined
  }

  const assemble = ({ body, offset, total }: Extract<Frame, { readonly _tag: "Piece" }>): Arrival => {
    if (offset === 0) {
      if (partial !== undefined) return violation("a message began within another")
      if (total > limit) return violation(`a message of ${total} bytes, over the limit of ${limit}`)
      if (total > budget.available) return violation("too many long messages at a time")
      budget.available -= total
      partial = { bytes: new Uint8Array(total), received: 0 }
    }
    if (partial === undefined || partial.received !== offset || partial.bytes.length !== total || offset + body.length > total) {
      return violation("pieces of a message do not fit together")
    }
    partial.bytes.set(body, offset)
    partial.received += body.length
    if (partial.received < total) return nothing
    const { bytes } = partial
    drop()
    return { _tag: "Message", body: bytes }
  }

  return {
    accept: (frame) => {
      if (frame.sequence !== expected) return violation("messages were lost on the way")
      expected = (expected + 1) >>> 0
      switch (frame._tag) {
        case "Whole":
          return frame.body.length > limit
            ? violation(`a message of ${frame.body.length} bytes, over the limit of ${limit}`)
            : { _tag: "Message", body: frame.body }
        case "Piece":
          return assemble(frame)
        case "Abandon":
          drop()
          return nothing
        case "Ping":
          return ping
        case "Pong":
          return nothing
      }
    },
    close: drop
  }
}
