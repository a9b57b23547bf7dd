import { BusMessage, encodeBusMessage, subjectId } from "@vigil/core/BusMessage"
import type { EventEntry } from "@vigil/core/Event"
import type { FollowOptions } from "@vigil/core/port/Bus"
import { Either, type ParseResult, Schema } from "effect"

/** Messages as they are kept and travel: JSON in UTF-8. */
const Json = Schema.parseJson(BusMessage)
const decodeJson = Schema.decodeUnknownEither(Json)

export const encodeMessage = (message: BusMessage): Buffer => Buffer.from(JSON.stringify(encodeBusMessage(message)))

/** Left: a message of another version of Vigil, or none of Vigil's. */
export const decodeMessage = (bytes: Uint8Array): Either.Either<BusMessage, ParseResult.ParseError> =>
  decodeJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))

/** `<type>.<tenant>.<camera, or tenant>`, four tokens: what servers and readers choose by without opening the message. */
export const subjectOf = (message: BusMessage): string => `${message.type}.${message.tenantId}.${subjectId(message)}`

/** Whether a message of this subject is wanted. */
export const chooses = ({ tenant, types }: FollowOptions): ((subject: string) => boolean) => {
  const wanted = types === undefined ? undefined : new Set<string>(types)
  return (subject) => {
    const typeEnd = subject.indexOf(".", subject.indexOf(".") + 1)
    if (wanted !== undefined && !wanted.has(subject.slice(0, typeEnd))) return false
    return tenant === undefined || subject.startsWith(tenant, typeEnd + 1)
  }
}

/** Messages that have an event in them. */
export const eventTypes = ["event.stored", "event.status"] as const

/** Whether a message as it is kept is of an event that is to go. One that cannot be read is none. */
export const isErasedMessage = (bytes: Uint8Array, isErased: (entry: EventEntry) => boolean): boolean =>
  Either.match(decodeMessage(bytes), {
    onLeft: () => false,
    onRight: (message) => "entry" in message && isErased(message.entry)
  })
