import type { InferenceEngine } from "../../inference/InferenceEngine.js"
import { type CameraSession, openCameraSession } from "./CameraSession.js"
import { type DemuxSession, openDemuxSession } from "./DemuxSession.js"
import { type EngineSettings, startEngine } from "./EngineModule.js"
import type { CameraReport, FromWorker, ToWorker } from "./WorkerProtocol.js"

/**
 * A media worker process: the only place where FFmpeg and ONNX Runtime run. Started by the node with an IPC channel and one argument, its
 * settings as JSON. Ends when the channel closes, however the node ended. Nothing that it imports may load Effect: 40 MB and 300 ms.
 */
export interface WorkerSettings {
  readonly engine: EngineSettings
  /** Milliseconds between signs of life, and that one native call may take before it is reported as stuck. */
  readonly heartbeat: number
  readonly stuckAfter: number
}

/** Milliseconds that news are held back so that one message carries those of all cameras. */
const reportDelay = 4
/** Frames on their way to the node; more are left out. */
const mostFramesInFlight = 8
/** The same of pictures for viewers, which are small. */
const mostLiveInFlight = 256
/** Milliseconds that the end may take before the process kills itself. */
const endLimit = 3000

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by WorkerProcess of the same build
const settings = JSON.parse(process.argv[2] ?? "") as WorkerSettings
const sessions = new Map<number, CameraSession>()
const demuxers = new Map<number, DemuxSession>()
let engine: Promise<InferenceEngine> | undefined
let reportTimer: NodeJS.Timeout | undefined
let framesInFlight = 0
let liveInFlight = 0
let ending = false

const send = (message: FromWorker, sent?: () => void): void => {
  if (!process.connected) return
  // The callback also gets the error of a channel that closed meanwhile: `disconnect` follows and ends the process.
  process.send?.(message, undefined, undefined, () => sent?.())
}

const getEngine = (): Promise<InferenceEngine> => {
  engine ??= startEngine(settings.engine, {
    onNote: (detail) => send({ type: "problem", camera: undefined, detail }),
    onWornOut: (detail) => send({ type: "worn-out", detail })
  })
  return engine
}

const report = () => {
  reportTimer = undefined
  const cameras: Array<CameraReport> = []
  for (const session of sessions.values()) {
    const news = session.report()
    if (news !== undefined) cameras.push(news)
  }
  if (cameras.length > 0) send({ type: "report", cameras })
}

const reportSoon = () => {
  reportTimer ??= setTimeout(report, reportDelay)
}

const openSession = ({ camera, codec, demand, parameterSets }: Extract<ToWorker, { type: "open" }>) => {
  sessions.set(
    camera,
    openCameraSession({
      camera,
      codec,
      parameterSets,
      demand,
      engine: getEngine,
      onNews: reportSoon,
      onProblem: (detail) => send({ type: "problem", camera, detail }),
      onLive: (picture) => {
        if (liveInFlight >= mostLiveInFlight) return false
        liveInFlight++
        send({ type: "live", camera, picture }, () => liveInFlight--)
        return true
      },
      onFrame: (frame) => {
        if (framesInFlight >= mostFramesInFlight) return
        framesInFlight++
        // Copied into the channel's own buffer before this returns.
        send({ type: "frame", camera, frame }, () => framesInFlight--)
      }
    })
  )
}

const answerSnapshot = async ({ camera, key, request }: Extract<ToWorker, { type: "snapshot" }>) => {
  try {
    const jpeg = await sessions.get(camera)?.snapshot(key)
    send({ type: "snapshot", camera, request, jpeg, detail: "its decoder was closed" })
  } catch (error) {
    send({ type: "snapshot", camera, request, jpeg: undefined, detail: error instanceof Error ? error.message : String(error) })
  }
}

const answerDrain = async ({ camera, request }: Extract<ToWorker, { type: "drain" }>) => {
  await sessions.get(camera)?.drain()
  report()
  send({ type: "drained", camera, request })
}

const openDemuxer = ({ demuxer, input }: Extract<ToWorker, { type: "demux" }>) => {
  demuxers.set(
    demuxer,
    openDemuxSession(input, {
      onOpen: (description) => send({ type: "demuxing", demuxer, description }),
      onUnits: (units, end) => send({ type: "units", demuxer, units, end }),
      onFailed: (reason, detail) => send({ type: "demux-failed", demuxer, reason, detail })
    })
  )
}

/** Native runs must have ended before the process exits: leaving during one aborts it. */
const end = async () => {
  if (ending) return
  ending = true
  setTimeout(() => process.kill(process.pid, "SIGKILL"), endLimit).unref()
  for (const session of sessions.values()) session.close()
  for (const demuxer of demuxers.values()) demuxer.close()
  try {
    if (engine !== undefined) await (await engine).close()
  } finally {
    process.exit(0)
  }
}

const receive = (message: ToWorker): void => {
  switch (message.type) {
    case "open":
      return openSession(message)
    case "push":
      return sessions.get(message.camera)?.push(message.unit)
    case "configure":
      return sessions.get(message.camera)?.configure(message.demand)
    case "snapshot":
      return void answerSnapshot(message)
    case "drain":
      return void answerDrain(message)
    case "close": {
      sessions.get(message.camera)?.close()
      sessions.delete(message.camera)
      return
    }
    case "demux":
      return openDemuxer(message)
    case "read":
      return demuxers.get(message.demuxer)?.read()
    case "close-demuxer": {
      demuxers.get(message.demuxer)?.close()
      demuxers.delete(message.demuxer)
      return
    }
    case "shutdown":
      return void end()
  }
}

const beat = () => {
  const stuck: Array<number> = []
  for (const [camera, session] of sessions) if (session.busyFor() > settings.stuckAfter) stuck.push(camera)
  for (const [demuxer, session] of demuxers) if (session.busyFor() > settings.stuckAfter) stuck.push(demuxer)
  send({ type: "alive", memory: process.memoryUsage.rss(), stuck })
}

// The node decides when a worker ends; a signal to the whole process group must not take the workers away from under it.
process.on("SIGINT", () => undefined)
process.on("SIGTERM", () => undefined)
process.on("disconnect", () => void end())
process.on("message", (message: ToWorker) => receive(message))
setInterval(beat, settings.heartbeat)
send({ type: "ready" })
