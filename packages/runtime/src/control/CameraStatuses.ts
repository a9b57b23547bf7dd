import type { CameraStatus } from "@vigil/core/CameraStatus"
import { CameraId, Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { Context, Effect, Either, Layer, Schema } from "effect"
import type { NatsError } from "nats"
import { CameraActors } from "../camera/CameraActors.js"
import { statusFingerprint, statusText } from "../camera/StatusText.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"
import { makeRounds } from "../Rounds.js"
import { StatusBoard } from "./StatusBoard.js"
import { refusedStatuses, StatusMessage, ToldStatus } from "./ToldStatus.js"

/** What a node tells of its cameras: those that changed, and those that it runs no more. An empty one says that the node lives. */
const Bulletin = Schema.parseJson(
  Schema.Struct({
    node: NodeName,
    statuses: Schema.Array(StatusMessage),
    gone: Schema.Array(Schema.Struct({ cameraId: CameraId, epoch: Epoch })),
    /** The node ends now. */
    ends: Schema.optional(Schema.Boolean)
  })
)
type Bulletin = typeof Bulletin.Type

const encode = Schema.encodeEither(Bulletin)
const decode = Schema.decodeUnknownEither(Bulletin)

/** A camera is looked at once a second; each tick looks at a part of them, so that many do not hold up the others. */
const ticks = { every: 100, aSecond: 10 } as const

/** Milliseconds of silence after which a node's cameras are taken for gone. */
const silence = 4000

/** Bytes of a bulletin at the most, whatever the server allows, and statuses that are told in one tick: about 5 ms of work. */
const bulletinLimit = 256 * 1024
const statusesPerTick = 256

/** What was last seen of a camera of this node. The object stays the same until the camera changes. */
interface Sample {
  readonly print: string
  readonly status: CameraStatus
  told: boolean
}

/** The newest status of every camera of the cluster: of those of this node at most a second old, of the others as their nodes tell. */
export class CameraStatuses extends Context.Tag("@vigil/runtime/CameraStatuses")<
  CameraStatuses,
  {
    readonly get: (id: CameraId) => CameraStatus | undefined
    /** A status is the same object until its camera changed. */
    readonly all: () => ReadonlyArray<CameraStatus>
  }
>() {
  static readonly layer: Layer.Layer<CameraStatuses, never, CameraActors | ClusterNode | Nats> = Layer.scoped(
    CameraStatuses,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const actors = yield* CameraActors
  const { name: node } = yield* ClusterNode
  const nats = yield* Nats
  const { connection } = nats
  const subject = nats.subject("camera", "status", node)
  const question = nats.subject("camera", "status-wanted", node)
  const board = new StatusBoard<ToldStatus>()
  const samples = new Map<CameraId, Sample>()
  const next = makeRounds(() => actors.keys(), ticks.aSecond)
  let tick = 0
  let lastTick = performance.now()

  const send = (bulletin: Bulletin): void => {
    const text = encode(bulletin)
    const { statuses } = bulletin
    const limit = Math.min(bulletinLimit, connection.info?.max_payload ?? bulletinLimit)
    if (Either.isRight(text) && text.right.length <= limit) {
      if (!connection.isClosed()) connection.publish(subject, text.right)
    } else if (statuses.length > 1) {
      const middle = Math.ceil(statuses.length / 2)
      send({ ...bulletin, statuses: statuses.slice(0, middle) })
      send({ ...bulletin, statuses: statuses.slice(middle) })
    } else refusedStatuses.unsafeUpdate(1, [])
  }

  const tellEverything = () => {
    for (const sample of samples.values()) sample.told = false
  }

  const look = (id: CameraId): void => {
    const status = actors.get(id)?.status()
    if (status === undefined) return
    const print = statusFingerprint(status)
    if (samples.get(id)?.print !== print) samples.set(id, { print, status, told: false })
  }

  const takeGone = (): Bulletin["gone"] => {
    const gone = [...samples].flatMap(([cameraId, { status }]) =>
      actors.has(cameraId) ? [] : [{ cameraId, epoch: status.epoch }]
    )
    for (const { cameraId } of gone) samples.delete(cameraId)
    return gone
  }

  const takeUntold = (): Bulletin["statuses"] => {
    const untold = [...samples.values()].filter(({ told }) => !told).slice(0, statusesPerTick)
    for (const sample of untold) sample.told = true
    return untold.map(({ print, status }) => ({
      cameraId: status.cameraId,
      epoch: status.epoch,
      text: statusText(print, status)
    }))
  }

  const expire = (now: number): void => {
    // Whoever slept, or was cut off, heard nothing of nodes that were well.
    if (now - lastTick < 1000 && nats.connectedFor() > silence) board.expire(now - silence)
    lastTick = now
  }

  const work = (): void => {
    expire(performance.now())
    for (const id of next()) look(id)
    const gone = takeGone()
    // What is said while nobody can hear it has to be said again.
    const statuses = nats.connectedFor() > 0 ? takeUntold() : []
    const isDue = tick++ % ticks.aSecond === 0
    if (isDue || gone.length > 0 || statuses.length > 0) send({ node, statuses, gone })
  }

  const hear = (data: Uint8Array, to: string): void => {
    if (to === subject) return
    const bulletin = decode(new TextDecoder().decode(data))
    if (Either.isLeft(bulletin)) return refusedStatuses.unsafeUpdate(1, [])
    const { ends, gone, node: from, statuses } = bulletin.right
    if (from === node) return
    if (ends === true) return board.forget(from)
    board.hear(from, performance.now())
    for (const { cameraId, epoch } of gone) board.remove(cameraId, epoch)
    for (const status of statuses) board.put(new ToldStatus(status, from))
  }

  const listen = (to: string, take: (data: Uint8Array, subject: string) => void) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        connection.subscribe(to, {
          callback: (error: NatsError | null, { data, subject: of }) =>
            error === null ? take(data, of) : refusedStatuses.unsafeUpdate(1, [])
        })
      ),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
    )

  const ask = () => {
    if (!connection.isClosed()) connection.publish(question)
  }

  yield* listen(nats.subject("camera", "status", "*"), hear)
  yield* listen(nats.subject("camera", "status-wanted", "*"), tellEverything)
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      nats.onChange((connected) => {
        if (!connected) return
        tellEverything()
        ask()
      })
    ),
    (forget) => Effect.sync(forget)
  )
  ask()
  yield* Effect.acquireRelease(
    Effect.sync(() => setInterval(work, ticks.every)),
    (timer) =>
      Effect.sync(() => {
        clearInterval(timer)
        send({ node, statuses: [], gone: [], ends: true })
      })
  )

  const all = (): ReadonlyArray<CameraStatus> => {
    const newest = new Map<CameraId, CameraStatus>()
    for (const told of board.all()) {
      const status = told.read()
      if (status !== undefined) newest.set(status.cameraId, status)
    }
    for (const [id, { status }] of samples) {
      const known = newest.get(id)
      if (known === undefined || known.epoch <= status.epoch) newest.set(id, status)
    }
    return [...newest.values()]
  }

  const get = (id: CameraId): CameraStatus | undefined => {
    const own = actors.get(id)?.status()
    const other = board.get(id)
    return own === undefined || (other !== undefined && other.epoch > own.epoch) ? other?.read() : own
  }

  return { all, get }
})
