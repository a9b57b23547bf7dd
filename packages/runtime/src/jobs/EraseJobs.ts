import type { VideoPart } from "@vigil/core/Erasure"
import type { TenantId, VideoJobId } from "@vigil/core/Ids"
import { partOfJob, partOfLetter } from "@vigil/core/port/VideoJobQueue"
import { videoJobLanes } from "@vigil/core/VideoJob"
import { decodeVideoJob } from "@vigil/core/VideoJobWire"
import { Either, Option } from "effect"
import type { Nats } from "../nats/Nats.js"
import { readDeadJob } from "./DeadJobs.js"
import type { JobSettings } from "./JobSettings.js"
import { asking, codeOf, type JobNames, type JobStreams } from "./JobStreams.js"
import { nextStored } from "./StoredMessage.js"

interface Eraser {
  readonly nats: typeof Nats.Service
  readonly names: JobNames
  readonly settings: JobSettings
  readonly streams: JobStreams
}

/** Which messages of a stream are to go, and what goes with each. */
interface Choice {
  readonly stream: string
  readonly subject: string
  readonly isChosen: (data: Uint8Array) => boolean
  readonly clear?: (data: Uint8Array) => Promise<void>
}

/** The server knows of no such message: somebody acknowledged it meanwhile. */
const noMessage = new Set(["10043", "10057"])

const isGone = (error: unknown): false => {
  if (noMessage.has(codeOf(error))) return false
  throw error
}

/** Deletes messages, and has their bytes written over. */
const deleteMessages = async (
  { nats, streams: { jsm } }: Eraser,
  { clear, isChosen, stream, subject }: Choice
): Promise<number> => {
  let deleted = 0
  for (let from = 1; ; ) {
    const message = await nextStored(nats, stream, subject, from)
    if (message === undefined) return deleted
    from = message.sequence + 1
    if (!isChosen(message.data)) continue
    await clear?.(message.data)
    if (await jsm.streams.deleteMessage(stream, message.sequence, true).catch(isGone)) deleted++
  }
}

const headerOf = (data: Uint8Array) => Option.map(Either.getRight(decodeVideoJob(data)), ({ header }) => header)

/** Erases a tenant's jobs, the objects that they name, and dead letters. */
export const eraseJobs = (eraser: Eraser, tenant: TenantId, isErased: (part: VideoPart) => boolean) =>
  asking("erase jobs", async () => {
    const { names, settings, streams } = eraser
    const lanes = videoJobLanes.map(
      (lane): Choice => ({
        stream: names.laneStream(lane),
        subject: names.jobsOf(lane, tenant),
        isChosen: (data) => Option.exists(headerOf(data), (header) => isErased(partOfJob(header))),
        clear: async (data) => {
          const segment = Option.getOrUndefined(headerOf(data))?.videoSegment
          if (segment?._tag === "Object") await streams.objects.delete(segment.name)
        }
      })
    )
    const letters: Choice = {
      stream: names.deadStream,
      subject: names.deadOf(tenant),
      isChosen: (data) => Option.exists(readDeadJob(data), (letter) => isErased(partOfLetter(letter, settings.maxAge)))
    }
    let erased = 0
    for (const choice of [...lanes, letters]) erased += await deleteMessages(eraser, choice)
    return erased
  })

/** Deletes the dead letters of a tenant's job. */
export const discardDeadJob = (eraser: Eraser, tenant: TenantId, jobId: VideoJobId) =>
  asking("discard a dead letter", async () => {
    const { names } = eraser
    const isChosen = (data: Uint8Array) => Option.exists(readDeadJob(data), (letter) => letter.jobId === jobId)
    await deleteMessages(eraser, { stream: names.deadStream, subject: names.deadOf(tenant), isChosen })
  })
