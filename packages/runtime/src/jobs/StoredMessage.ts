import { DirectMsgHeaders } from "nats"
import type { Nats } from "../nats/Nats.js"
import { requestTimeout } from "./JobStreams.js"

/** A message of a stream, looked at without being taken. */
export interface StoredMessage {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly storedAt: number
  readonly data: Uint8Array
}

/** The first message of a subject from a sequence on; undefined when there is none. It comes with its bytes. */
export const nextStored = async (
  { connection }: typeof Nats.Service,
  stream: string,
  subject: string,
  from: number
): Promise<StoredMessage | undefined> => {
  const question = JSON.stringify({ seq: from, next_by_subj: subject })
  const { data, headers } = await connection.request(`$JS.API.DIRECT.GET.${stream}`, question, { timeout: requestTimeout })
  const sequence = headers?.get(DirectMsgHeaders.Sequence) ?? ""
  const storedAt = headers?.get(DirectMsgHeaders.TimeStamp) ?? ""
  return sequence === "" ? undefined : { sequence: Number(sequence), storedAt: Date.parse(storedAt), data }
}
