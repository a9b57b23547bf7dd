import { stat } from "node:fs/promises"
import type { SourceDescription } from "@vigil/core/MediaTrack"
import type { SourceErrorReason } from "@vigil/core/Source"
import { now } from "../../MonotonicClock.js"
import { makeTimeline } from "../demux/Timeline.js"
import { audioReader, type TrackReader, videoReader } from "../demux/TrackReader.js"
import { beamcoder } from "../native/Beamcoder.js"
import { type Demuxer, openDemuxer } from "../native/Demuxer.js"
import type { DemuxedUnit, DemuxerInput } from "./WorkerProtocol.js"

export interface DemuxListener {
  readonly onOpen: (description: SourceDescription) => void
  readonly onUnits: (units: ReadonlyArray<DemuxedUnit>, end: boolean) => void
  readonly onFailed: (reason: SourceErrorReason, detail: string) => void
}

/** One open file or device inside a media worker. Gives access units only when asked. */
export interface DemuxSession {
  /** Asks for the next access units; answered once, by `onUnits` or `onFailed`. */
  readonly read: () => void
  /** Milliseconds that the current native call has taken so far. */
  readonly busyFor: () => number
  readonly close: () => void
}

/** What one read gives at the most; a device gives what it has at once. */
const batch = { units: 32, bytes: 512 * 1024 }
/** Microseconds. */
const timeouts = { open: 10_000_000, read: 10_000_000 }

/** Playlists and scripts, which name further files and addresses, are not among them. */
const fileFormats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf,h264,hevc,mjpeg,mpjpeg,jpeg_pipe"

class DemuxFailure extends Error {
  readonly reason: SourceErrorReason
  constructor(reason: SourceErrorReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

interface OpenInput {
  readonly demuxer: Demuxer
  /** By the container's stream index; streams that are not read are absent. */
  readonly readers: ReadonlyMap<number, { readonly reader: TrackReader; readonly track: number }>
  readonly description: SourceDescription
}

/** FFmpeg's own words are at the end, behind where in beamcoder they were met. */
const nativeDetail = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^.*found error: /s, "").replace(/^Problem opening input format: /, "")
}

const failureOf = (error: unknown): DemuxFailure =>
  error instanceof DemuxFailure ? error : new DemuxFailure("device", nativeDetail(error))

const checkPath = async (path: string, kind: "file" | "device"): Promise<void> => {
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === "ENOENT" || error.code === "ENOTDIR"
    throw new DemuxFailure(
      missing ? "unreachable" : "device",
      missing ? `there is no such ${kind}` : `it cannot be opened: ${error.code ?? error.message}`
    )
  })
  const right = kind === "file" ? status.isFile() : status.isCharacterDevice()
  if (!right) throw new DemuxFailure("unsupported", kind === "file" ? "it is not a regular file" : "it is not a capture device")
}

const openNative = async (input: DemuxerInput): Promise<Demuxer> => {
  const common = { url: input.path, open_timeout: timeouts.open, read_timeout: timeouts.read }
  await checkPath(input.path, input.kind)
  if (input.kind === "file") {
    const options = { protocol_whitelist: "file", format_whitelist: fileFormats }
    return openDemuxer({ ...common, options }).catch((error: unknown) => {
      throw new DemuxFailure("unsupported", `it is not a video file that can be read: ${nativeDetail(error)}`)
    })
  }
  const iformat = beamcoder().demuxers()["video4linux2,v4l2"]
  if (iformat === undefined) throw new DemuxFailure("unsupported", "FFmpeg was built without Video4Linux2")
  let failure: unknown
  for (const input_format of input.formats) {
    try {
      return await openDemuxer({ ...common, iformat, options: { input_format } })
    } catch (error) {
      failure = error
    }
  }
  throw new DemuxFailure("device", `the device gives none of the formats ${input.formats.join(", ")}: ${nativeDetail(failure)}`)
}

const openInput = async (input: DemuxerInput): Promise<OpenInput> => {
  const demuxer = await openNative(input)
  const videos = demuxer.streams.filter(({ codecpar }) => codecpar.codec_type === "video")
  const video = videos.map((stream) => ({ stream, reader: videoReader(stream) })).find(({ reader }) => reader !== undefined)
  if (video?.reader === undefined) {
    demuxer.close()
    const codecs = videos.map(({ codecpar }) => codecpar.name).join(", ")
    throw new DemuxFailure(
      "unsupported",
      videos.length === 0 ? "it has no video" : `its video is ${codecs}; H.264, H.265 and MJPEG are supported`
    )
  }
  const readers = new Map([[video.stream.index, { reader: video.reader, track: 0 }]])
  for (const stream of demuxer.streams) {
    const reader = stream.codecpar.codec_type === "audio" && readers.size < 2 ? audioReader(stream) : undefined
    if (reader !== undefined) readers.set(stream.index, { reader, track: readers.size })
  }
  return {
    demuxer,
    readers,
    description: {
      protocol: input.kind === "file" ? "file" : "V4L2",
      ...(demuxer.encoder === undefined ? {} : { server: demuxer.encoder }),
      tracks: [...readers.values()].map(({ reader }) => reader.track)
    }
  }
}

export const openDemuxSession = (input: DemuxerInput, listener: DemuxListener): DemuxSession => {
  const timeline = makeTimeline()
  let current: OpenInput | undefined
  let closed = false
  let busySince: number | undefined
  /** Pictures since the file was last opened. */
  let pictures = 0

  const timed = async <A>(call: Promise<A>): Promise<A> => {
    busySince = now()
    return call.finally(() => {
      busySince = undefined
    })
  }

  const open = async (): Promise<OpenInput> => {
    const opened = await timed(openInput(input))
    if (closed) opened.demuxer.close()
    current = opened
    pictures = 0
    return opened
  }

  /** Undefined at the end of the file, also where it breaks off. */
  const nextUnit = async ({ demuxer, readers }: OpenInput): Promise<DemuxedUnit | undefined> => {
    for (;;) {
      const packet = await timed(demuxer.read()).catch((error: unknown) => {
        if (pictures > 0 && input.kind === "file") return undefined
        throw error
      })
      if (packet === undefined) return undefined
      const entry = readers.get(packet.stream_index)
      const unit = entry?.reader.read(packet, entry.track, timeline)
      if (unit === undefined) continue
      if (unit.kind === "video") pictures++
      return unit
    }
  }

  const startAgain = async (ended: OpenInput): Promise<OpenInput | undefined> => {
    const worthwhile = input.kind === "file" && input.loop && pictures > 0
    if (pictures === 0) throw new DemuxFailure("unsupported", "it has no picture that can be read")
    ended.demuxer.close()
    if (!worthwhile) return undefined
    timeline.restart()
    return open()
  }

  const readBatch = async (): Promise<void> => {
    let source = current
    if (source === undefined) return
    const units: Array<DemuxedUnit> = []
    let bytes = 0
    while (units.length < batch.units && bytes < batch.bytes && !closed) {
      const unit = await nextUnit(source)
      if (unit !== undefined) {
        units.push(unit)
        for (const part of unit.units) bytes += part.byteLength
        if (input.kind === "device") break
        continue
      }
      source = await startAgain(source)
      if (source === undefined) {
        if (!closed) listener.onUnits(units, true)
        return
      }
    }
    if (!closed) listener.onUnits(units, false)
  }

  const fail = (error: unknown) => {
    const { message, reason } = failureOf(error)
    if (!closed) listener.onFailed(reason, message)
  }

  open()
    .then(({ description }) => {
      if (!closed) listener.onOpen(description)
    })
    .catch(fail)

  return {
    read: () => void readBatch().catch(fail),
    busyFor: () => (busySince === undefined ? 0 : now() - busySince),
    close: () => {
      closed = true
      current?.demuxer.close()
    }
  }
}
