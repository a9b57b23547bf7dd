import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { CameraId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { Effect } from "effect"
import { type IdleGate, makeIdleGate } from "./IdleGate.js"
import type { CameraDecoder, DecodeDemand, DecoderListener, DecoderStatistics } from "./MediaWorkers.js"
import type { CameraReport, FromWorker, PushedUnit, ToWorker } from "./worker/WorkerProtocol.js"
import type { WorkerLink, WorkerTenant } from "./WorkerTenant.js"

/** Access units in the worker's hands from which `push` asks to wait, and from which live sources lose some. */
const limits = { wait: 8, units: 48, bytes: 8 * 1024 * 1024 }
/** A source that was asked to wait and does not, although nothing may be lost, is stopped here. */
const losslessLimits = { units: 1024, bytes: 64 * 1024 * 1024 }
/** What is kept of a sleeping camera's group of pictures, to catch up when it wakes. */
const groupLimits = { units: 300, bytes: 4 * 1024 * 1024 }
/** Milliseconds between pictures of a sleeping camera. */
const sleepingInterval = 900
const snapshotLimit = "5 seconds"

const wantsPictures = ({ detectors, frames, live, luma }: DecodeDemand): boolean =>
  live === true || luma !== undefined || frames !== undefined || detectors.length > 0

interface Group {
  readonly units: Array<PushedUnit>
  bytes: number
}

interface Pending {
  readonly message: ToWorker
  readonly settle: (answer: FromWorker | undefined) => void
}

export interface RemoteDecoder {
  readonly tenant: WorkerTenant
  readonly decoder: CameraDecoder
  readonly close: () => void
}

export interface RemoteDecoderOptions {
  readonly id: number
  readonly cameraId: CameraId
  readonly track: VideoTrack
  readonly demand: DecodeDemand
  readonly listener: DecoderListener
}

/**
 * The node's side of a camera's decoder: numbers the access units, decides which of them travel to the worker, bounds what is on its way, and
 * opens the decoder again when its worker was replaced.
 */
export const makeRemoteDecoder = ({ cameraId, id, listener, track, ...options }: RemoteDecoderOptions): RemoteDecoder =>
  new RemoteCameraDecoder(id, cameraId, track, options.demand, listener)

class RemoteCameraDecoder implements RemoteDecoder {
  readonly tenant: WorkerTenant
  readonly decoder: CameraDecoder
  readonly #id: number
  readonly #cameraId: CameraId
  readonly #track: VideoTrack
  readonly #listener: DecoderListener
  readonly #counts = { decoded: 0, dropped: 0, skipped: 0, errors: 0, inferences: 0, inferencesDropped: 0, restarts: 0 }
  readonly #requests = new Map<number, Pending>()
  #demand: DecodeDemand
  #link: WorkerLink | undefined
  #closed = false
  #frames = 0
  #requestNumbers = 0
  /** Sizes of the access units that the worker has, or will have as soon as there is one. */
  #inFlight: Array<number> = []
  #bytesInFlight = 0
  /** Access units that wait for the worker to be ready. */
  #outbox: Array<PushedUnit> = []
  #waiters: Array<() => void> = []
  #awaitingKey = true
  #newestKey: PushedUnit | undefined
  #idle: IdleGate | undefined
  #asleep = false
  #group: Group | undefined
  #lastAlone = Number.NEGATIVE_INFINITY

  constructor(id: number, cameraId: CameraId, track: VideoTrack, demand: DecodeDemand, listener: DecoderListener) {
    this.#id = id
    this.#cameraId = cameraId
    this.#track = track
    this.#demand = demand
    this.#listener = listener
    this.#idle = demand.rate === "idle-when-quiet" ? makeIdleGate() : undefined
    this.tenant = {
      id,
      owner: cameraId,
      attach: (link) => this.#attach(link),
      detach: () => this.#detach(),
      receive: (message) => this.#receive(message),
      atWork: () => this.#inFlight.length > 0 || this.#requests.size > 0
    }
    this.decoder = {
      push: (unit) => this.#push(unit),
      configure: (next) => this.#configure(next),
      snapshot: this.#snapshot(),
      drain: this.#drain(),
      statistics: (): DecoderStatistics => ({ ...this.#counts })
    }
  }

  close = () => {
    if (this.#closed) return
    this.#closed = true
    this.#link?.send({ type: "close", camera: this.#id })
    this.#link = undefined
    this.#forgetInFlight()
    for (const { settle } of this.#requests.values()) settle(undefined)
    this.#requests.clear()
  }

  #push(unit: AccessUnit): void | Promise<void> {
    if (unit.kind !== "video" || this.#closed) return
    const { keyframe, mediaTime, received, units, wallClockOrigin, wallTime } = unit
    const pushed: PushedUnit = {
      number: this.#frames++,
      mode: "decode",
      units,
      keyframe,
      mediaTime,
      wallTime,
      wallClockOrigin,
      received
    }
    if (unit.damaged) return this.#lose()
    if (keyframe) this.#newestKey = pushed
    if (!wantsPictures(this.#demand)) {
      this.#counts.skipped++
      this.#awaitingKey = true
      return
    }
    const bytes = byteLength(unit)
    const active = this.#idle?.see(bytes, keyframe, received) ?? true
    if (!active && (keyframe || this.#asleep)) return this.#sleep(pushed, bytes)
    return this.#asleep ? this.#wake(pushed, bytes) : this.#decode(pushed, bytes)
  }

  /** Decodes in order; what cannot be decoded without its predecessors is dropped. */
  #decode(unit: PushedUnit, bytes: number): void | Promise<void> {
    if (this.#awaitingKey && !unit.keyframe) return this.#lose()
    const { bytes: mostBytes, units: mostUnits } = this.#demand.rate === "lossless" ? losslessLimits : limits
    if (this.#inFlight.length >= mostUnits || this.#bytesInFlight + bytes > mostBytes) return this.#lose()
    this.#awaitingKey = false
    this.#send(unit, bytes)
    if (this.#inFlight.length >= limits.wait) return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Key frames alone are decoded; the others of the newest group are kept. */
  #sleep(unit: PushedUnit, bytes: number): void {
    this.#asleep = true
    if (unit.keyframe) {
      this.#leaveGroup()
      this.#group = { units: [], bytes: 0 }
      this.#awaitingKey = true
      if (unit.received - this.#lastAlone >= sleepingInterval && this.#inFlight.length < limits.wait) {
        this.#lastAlone = unit.received
        this.#send({ ...unit, mode: "alone" }, bytes)
      } else {
        this.#counts.skipped++
      }
    }
    const group = this.#group
    if (group === undefined || group.units.length >= groupLimits.units || group.bytes + bytes > groupLimits.bytes) {
      this.#counts.skipped++
      return this.#leaveGroup()
    }
    group.units.push(unit)
    group.bytes += bytes
  }

  /** Decodes what came since the key frame, so that this unit can be decoded at once. */
  #wake(unit: PushedUnit, bytes: number): void | Promise<void> {
    const group = this.#group
    this.#asleep = false
    if (unit.keyframe || group === undefined) {
      this.#leaveGroup()
      return this.#decode(unit, bytes)
    }
    this.#group = undefined
    for (const earlier of group.units) this.#send({ ...earlier, mode: "catch-up" }, group.bytes / group.units.length)
    this.#awaitingKey = false
    return this.#decode(unit, bytes)
  }

  /** What was kept to catch up is not needed any more; its key frame was accounted for when it came. */
  #leaveGroup(): void {
    this.#counts.skipped += Math.max(0, (this.#group?.units.length ?? 0) - 1)
    this.#group = undefined
  }

  #lose(): void {
    this.#counts.dropped++
    this.#awaitingKey = true
    this.#leaveGroup()
  }

  #send(unit: PushedUnit, bytes: number): void {
    this.#inFlight.push(bytes)
    this.#bytesInFlight += bytes
    if (this.#link === undefined) this.#outbox.push(unit)
    else this.#link.send({ type: "push", camera: this.#id, unit })
  }

  #configure(demand: DecodeDemand): void {
    this.#demand = demand
    if (demand.rate !== "idle-when-quiet") this.#idle = undefined
    else this.#idle ??= makeIdleGate()
    this.#link?.send({ type: "configure", camera: this.#id, demand })
  }

  #attach(link: WorkerLink): void {
    if (this.#closed) return
    this.#link = link
    const { codec, parameterSets } = this.#track
    link.send({ type: "open", camera: this.#id, codec, parameterSets, demand: this.#demand })
    for (const unit of this.#outbox.splice(0)) link.send({ type: "push", camera: this.#id, unit })
    for (const { message } of this.#requests.values()) link.send(message)
  }

  #detach(): void {
    this.#link = undefined
    this.#counts.restarts++
    this.#counts.dropped += this.#inFlight.length
    this.#group = undefined
    this.#awaitingKey = true
    this.#forgetInFlight()
  }

  #forgetInFlight(): void {
    this.#outbox = []
    this.#inFlight = []
    this.#bytesInFlight = 0
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #receive(message: FromWorker): void {
    if (this.#closed) return
    switch (message.type) {
      case "report": {
        for (const report of message.cameras) this.#account(report)
        return
      }
      case "frame":
        return this.#listener.onFrame?.(message.frame)
      case "live":
        return this.#listener.onLive?.(message.picture)
      case "drained":
      case "snapshot": {
        const pending = this.#requests.get(message.request)
        this.#requests.delete(message.request)
        return pending?.settle(message)
      }
      default:
        return
    }
  }

  #account(report: CameraReport): void {
    const counts = this.#counts
    counts.decoded += report.decoded
    counts.dropped += report.dropped
    counts.skipped += report.skipped
    counts.errors += report.errors
    counts.inferences += report.inferences
    counts.inferencesDropped += report.inferencesDropped
    for (const bytes of this.#inFlight.splice(0, report.done)) this.#bytesInFlight -= bytes
    for (const observation of report.observations) {
      if (this.#idle !== undefined && observation._tag === "Luma" && observation.motion.regions.length > 0) {
        this.#idle.motion(observation.frame.received)
      }
      this.#listener.onObservation(observation)
    }
    if (this.#inFlight.length < limits.wait) for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #request(make: (request: number) => ToWorker): Effect.Effect<FromWorker | undefined> {
    return Effect.async((resume) => {
      if (this.#closed) return resume(Effect.succeed(undefined))
      const request = this.#requestNumbers++
      const message = make(request)
      this.#requests.set(request, { message, settle: (answer) => resume(Effect.succeed(answer)) })
      this.#link?.send(message)
      return Effect.sync(() => this.#requests.delete(request))
    })
  }

  #snapshot(): CameraDecoder["snapshot"] {
    const none = (detail: string) => new NoPicture({ cameraId: this.#cameraId, detail })
    return this.#request((request) => ({ type: "snapshot", camera: this.#id, request, key: this.#newestKey })).pipe(
      Effect.timeoutFail({
        duration: snapshotLimit,
        onTimeout: () => none(`its media worker did not answer within ${snapshotLimit}`)
      }),
      Effect.flatMap((answer) => {
        if (answer?.type !== "snapshot") return Effect.fail(none("its decoder is closed"))
        return answer.jpeg === undefined ? Effect.fail(none(answer.detail)) : Effect.succeed(answer.jpeg)
      })
    )
  }

  #drain(): Effect.Effect<void> {
    return Effect.asVoid(this.#request((request) => ({ type: "drain", camera: this.#id, request })))
  }
}
