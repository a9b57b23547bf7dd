import { type BusMessage, orderOf } from "@vigil/core/BusMessage"
import { Either } from "effect"
import { type JetStreamClient, type JetStreamManager, NatsError, type PubAck } from "nats"
import type { Nats } from "../nats/Nats.js"
import { decodeMessage } from "./BusCodec.js"
import { openStreamReader } from "./StreamReader.js"

/** The newest message of a subject, that is of a type and camera. */
interface StreamPlace {
  readonly sequence: number
  readonly id: string
  readonly order: number | undefined
}

const nowhere: StreamPlace = { sequence: 0, id: "", order: undefined }

/** Subjects whose newest message is remembered, so that publishing needs no question. */
const mostPlaces = 50_000
/** Attempts to publish while somebody else publishes on the same subject. */
const attempts = 8
/** "wrong last sequence" of the server's API. */
const wrongLastSequence = 10071

const isConflict = (error: unknown): boolean => error instanceof NatsError && error.api_error?.err_code === wrongLastSequence

const isMissing = (error: unknown): boolean => error instanceof NatsError && error.api_error?.code === 404

/** Signs of life are many, and each is over with the next: nothing is lost where an old one came twice. */
const isFleeting = ({ type }: BusMessage): boolean => type === "worker.heartbeat" || type === "worker.error"

export interface StreamPublisherOptions {
  readonly nats: typeof Nats.Service
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
  readonly stream: string
  /** Milliseconds until an acknowledgement is given up. */
  readonly patience: number
}

/**
 * Publishes each message once, for good and in order of its subject: the server knows ids for a while only, so each message is stored on condition
 * that the one this publisher takes for the newest of the subject still is. Before the first message of a subject the newest one is asked for, afterwards it is
 * known. What is not above it was published before, unless its id is not found.
 *
 * Rejects as the client does.
 */
export const makeStreamPublisher = ({ client, manager, nats, patience, stream }: StreamPublisherOptions) => {
  const places = new Map<string, StreamPlace>()
  /** One message of a subject at a time. */
  const queues = new Map<string, Promise<unknown>>()
  /** The ids of the subject that was last searched, up to its newest. */
  let searched: { readonly subject: string; readonly upTo: number; readonly sequences: ReadonlyMap<string, number> } | undefined

  const remember = (subject: string, place: StreamPlace) => {
    places.delete(subject)
    places.set(subject, place)
    if (places.size <= mostPlaces) return
    for (const oldest of places.keys()) {
      places.delete(oldest)
      break
    }
  }

  const newestOf = async (subject: string): Promise<StreamPlace> => {
    const known = places.get(subject)
    if (known !== undefined) return known
    const place = await manager.streams.getMessage(stream, { last_by_subj: subject }).then(
      (message): StreamPlace => {
        const decoded = decodeMessage(message.data)
        const order = Either.isRight(decoded) ? orderOf(decoded.right) : undefined
        return { sequence: message.seq, id: message.header.get("Nats-Msg-Id"), order }
      },
      (error: unknown) => {
        if (isMissing(error)) return nowhere
        throw error
      }
    )
    remember(subject, place)
    return place
  }

  /** All ids of the subject that are kept, with their sequences. */
  const search = async (subject: string, { sequence }: StreamPlace) => {
    if (searched?.subject === subject && searched.upTo === sequence) return searched.sequences
    const sequences = new Map<string, number>()
    const reader = await openStreamReader(nats, manager, stream, { subject, from: 1, headersOnly: true })
    for (let complete = false; !complete; ) {
      const page = await reader.read()
      for (const message of page.messages) sequences.set(message.id, message.sequence)
      complete = page.complete
    }
    searched = { subject, upTo: sequence, sequences }
    return sequences
  }

  const publishedBefore = async (subject: string, { id }: BusMessage, order: number | undefined, place: StreamPlace) => {
    if (place.id === id) return place.sequence
    const isAbove = order === undefined || place.order === undefined || order > place.order
    return isAbove ? undefined : (await search(subject, place)).get(id)
  }

  const acknowledged = (subject: string, id: string, order: number | undefined, place: StreamPlace, { seq }: PubAck) => {
    if (seq > place.sequence) remember(subject, { sequence: seq, id, order })
    return seq
  }

  const publishOnce = async (subject: string, message: BusMessage, bytes: Uint8Array): Promise<number> => {
    const order = orderOf(message)
    for (let attempt = 1; ; attempt++) {
      const place = await newestOf(subject)
      const before = await publishedBefore(subject, message, order, place)
      if (before !== undefined) return before
      try {
        const expect = { lastSubjectSequence: place.sequence }
        const ack = await client.publish(subject, bytes, { msgID: message.id, expect, timeout: patience })
        return acknowledged(subject, message.id, order, place, ack)
      } catch (error) {
        // Whatever became of it, the newest is not known any more.
        places.delete(subject)
        if (!isConflict(error) || attempt === attempts) throw error
      }
    }
  }

  const inTurn = (subject: string, task: () => Promise<number>): Promise<number> => {
    const before = queues.get(subject)
    const result = before === undefined ? task() : before.then(task, task)
    queues.set(subject, result)
    const leave = () => queues.get(subject) === result && queues.delete(subject)
    result.then(leave, leave)
    return result
  }

  return (subject: string, message: BusMessage, bytes: Uint8Array): Promise<number> =>
    isFleeting(message)
      ? client.publish(subject, bytes, { msgID: message.id, timeout: patience }).then(({ seq }) => seq)
      : inTurn(subject, () => publishOnce(subject, message, bytes))
}
