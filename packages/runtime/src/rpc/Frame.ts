/**
 * What one NATS message of a session carries. Wire: one byte 0xb0 + version, one byte kind, four bytes sequence number, and then what the kind asks for;
 * numbers are unsigned and big-endian.
 */
export type Frame =
  /** A client asks for a session. `limit`: bytes of the longest message that it takes. */
  | { readonly _tag: "Hello"; readonly limit: number }
  /** The server gives one: its subject is the reply subject of this. */
  | { readonly _tag: "Welcome"; readonly limit: number }
  /** The server gives none. */
  | { readonly _tag: "Refused"; readonly reason: string }
  /** One encoded message of the RPC protocol. */
  | { readonly _tag: "Whole"; readonly sequence: number; readonly body: Uint8Array }
  /** Part of one that is longer than NATS takes: `total` bytes, of which these begin at `offset`. */
  | {
      readonly _tag: "Piece"
      readonly sequence: number
      readonly total: number
      readonly offset: number
      readonly body: Uint8Array
    }
  /** The rest of the message whose pieces came last does not come. */
  | { readonly _tag: "Abandon"; readonly sequence: number }
  | { readonly _tag: "Ping"; readonly sequence: number }
  | { readonly _tag: "Pong"; readonly sequence: number }
  /** The session is over. */
  | { readonly _tag: "Bye"; readonly reason: string }

const signature = 0xb1

const kinds = ["Hello", "Welcome", "Refused", "Whole", "Piece", "Abandon", "Ping", "Pong", "Bye"] as const

/** Bytes in front of a body. */
export const headerSize = 6
export const pieceHeaderSize = 14

/** Characters of a reason that are passed on. */
const reasonLimit = 500

export const encodeFrame = (frame: Frame): Uint8Array => {
  switch (frame._tag) {
    case "Hello":
    case "Welcome": {
      const bytes = header(frame._tag, 0, headerSize + 4)
      bytes.writeUInt32BE(frame.limit, headerSize)
      return bytes
    }
    case "Refused":
    case "Bye": {
      const reason = Buffer.from(frame.reason.slice(0, reasonLimit))
      const bytes = header(frame._tag, 0, headerSize + reason.length)
      bytes.set(reason, headerSize)
      return bytes
    }
    case "Whole": {
      const bytes = header(frame._tag, frame.sequence, headerSize + frame.body.length)
      bytes.set(frame.body, headerSize)
      return bytes
    }
    case "Piece": {
      const bytes = header(frame._tag, frame.sequence, pieceHeaderSize + frame.body.length)
      bytes.writeUInt32BE(frame.total, headerSize)
      bytes.writeUInt32BE(frame.offset, headerSize + 4)
      bytes.set(frame.body, pieceHeaderSize)
      return bytes
    }
    default:
      return header(frame._tag, frame.sequence, headerSize)
  }
}

const header = (kind: Frame["_tag"], sequence: number, size: number): Buffer => {
  const bytes = Buffer.allocUnsafe(size)
  bytes[0] = signature
  bytes[1] = kinds.indexOf(kind)
  bytes.writeUInt32BE(sequence, 2)
  return bytes
}

/** `undefined`: not a frame of this version. Bodies are views of `data`. */
export const decodeFrame = (data: Uint8Array): Frame | undefined => {
  if (data.length < headerSize || data[0] !== signature) return undefined
  const kind = kinds[data[1]]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const sequence = view.getUint32(2)
  switch (kind) {
    case undefined:
      return undefined
    case "Hello":
    case "Welcome":
      return data.length < headerSize + 4 ? undefined : { _tag: kind, limit: view.getUint32(headerSize) }
    case "Refused":
    case "Bye":
      return { _tag: kind, reason: reasonIn(data) }
    case "Whole":
      return { _tag: kind, sequence, body: data.subarray(headerSize) }
    case "Piece":
      if (data.length <= pieceHeaderSize) return undefined
      return {
        _tag: kind,
        sequence,
        total: view.getUint32(headerSize),
        offset: view.getUint32(headerSize + 4),
        body: data.subarray(pieceHeaderSize)
      }
    default:
      return { _tag: kind, sequence }
  }
}

/** Ends up in errors and logs, so it is one line of text. */
const reasonIn = (data: Uint8Array): string =>
  new TextDecoder()
    .decode(data.subarray(headerSize, headerSize + reasonLimit * 4))
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")
    .slice(0, reasonLimit)
