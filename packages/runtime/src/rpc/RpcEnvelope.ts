import type { Parser } from "@effect/rpc/RpcSerialization"
import type { FromClientEncoded, FromServerEncoded } from "@effect/rpc/RpcMessage"

type FromClient = Exclude<FromClientEncoded, { readonly _tag: "Ping" }>
type FromServer = Exclude<FromServerEncoded, { readonly _tag: "Pong" | "ClientProtocolError" }>

/**
 * One message of a client, or undefined where the bytes are none. @effect/rpc takes what a parser yields for what it should be; here it comes from the network,
 * so that the parts which are no payload are looked at first. Payloads are decoded with their schemas later.
 */
export const decodeFromClient = (parser: Parser, bytes: Uint8Array): FromClient | undefined =>
  decodeOne(parser, bytes, isFromClient)

/** The same of a server. */
export const decodeFromServer = (parser: Parser, bytes: Uint8Array): FromServer | undefined =>
  decodeOne(parser, bytes, isFromServer)

const decodeOne = <A>(parser: Parser, bytes: Uint8Array, is: (message: unknown) => message is A): A | undefined => {
  try {
    const messages = parser.decode(bytes)
    const [message] = messages
    return messages.length === 1 && is(message) ? message : undefined
  } catch {
    return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value)

/** 64-bit numbers: longer ones would only take time to read. */
const isId = (value: unknown): value is string => typeof value === "string" && /^\d{1,20}$/.test(value)

const isShortText = (value: unknown): value is string => typeof value === "string" && value.length <= 1024

const isOptional = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || value === null || is(value)

const isHeader = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string")

const isFromClient = (value: unknown): value is FromClient => {
  if (!isFields(value)) return false
  switch (value["_tag"]) {
    case "Request":
      return (
        isId(value["id"]) &&
        isShortText(value["tag"]) &&
        Array.isArray(value["headers"]) &&
        value["headers"].every(isHeader) &&
        isOptional(value["traceId"], isShortText) &&
        isOptional(value["spanId"], isShortText) &&
        isOptional(value["sampled"], (sampled) => typeof sampled === "boolean")
      )
    case "Ack":
    case "Interrupt":
      return isId(value["requestId"])
    case "Eof":
      return true
    default:
      return false
  }
}

const isFromServer = (value: unknown): value is FromServer => {
  if (!isFields(value)) return false
  switch (value["_tag"]) {
    case "Chunk":
      return isId(value["requestId"]) && Array.isArray(value["values"]) && value["values"].length > 0
    case "Exit":
      return isId(value["requestId"]) && isFields(value["exit"])
    case "Defect":
      return true
    default:
      return false
  }
}

/** Bytes of one message, or undefined where the serialization has nothing to send for it. */
export const encodeMessage = (parser: Parser, message: FromClientEncoded | FromServerEncoded): Uint8Array | undefined => {
  const encoded = parser.encode(message)
  return typeof encoded === "string" ? new TextEncoder().encode(encoded) : encoded
}
