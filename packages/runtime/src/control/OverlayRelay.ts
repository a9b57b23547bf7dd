import { CameraId } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { Overlay } from "@vigil/core/Overlay"
import {
  Context,
  Effect,
  Either,
  Fiber,
  FiberMap,
  Layer,
  Metric,
  PubSub,
  type Queue,
  Runtime,
  Schema,
  type Scope,
  Stream
} from "effect"
import type { NatsConnection, Subscription } from "nats"
import { type CameraActor, CameraActors } from "../camera/CameraActors.js"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"

/** Cameras that a node's viewers look at, at the most. */
const mostWishes = 4096

/** Which cameras' overlays the viewers of a node want now. Holds for some seconds: whoever still wants them says so again. */
const Wish = Schema.parseJson(
  Schema.Struct({ node: NodeName, cameras: Schema.Array(CameraId).pipe(Schema.maxItems(mostWishes)) })
)

const encodeWish = Schema.encodeSync(Wish)
const decodeWish = Schema.decodeUnknownEither(Wish)
const OverlayText = Schema.parseJson(Overlay)
const encodeOverlay = Schema.encodeEither(OverlayText)
const decodeOverlay = Schema.decodeUnknownEither(OverlayText)

/** Milliseconds: wishes are repeated, and outlive the loss of two repetitions. */
const wishes = { every: 1000, hold: 3500 } as const

/** A viewer who is too slow sees the newest: at most that many wait. */
const waiting = 8

const refused = Metric.counter("vigil_overlay_messages_refused", {
  description: "Overlays and wishes for them that could not be read, or not be sent",
  incremental: true
})

/**
 * Brings overlays to the nodes whose viewers want them, from wherever the camera runs: within this node directly, else over NATS. A node publishes a
 * camera's overlays only while another one says that it wants them, so cameras that nobody looks at cost nothing.
 */
export class OverlayRelay extends Context.Tag("@vigil/runtime/OverlayRelay")<
  OverlayRelay,
  {
    /** Overlays of the camera from now on, whichever node it runs on and moves to. */
    readonly follow: (id: CameraId) => Effect.Effect<Queue.Dequeue<Overlay>, never, Scope.Scope>
  }
>() {
  static readonly layer: Layer.Layer<OverlayRelay, never, CameraActors | ClusterNode | Nats> = Layer.scoped(
    OverlayRelay,
    Effect.suspend(() => make)
  )
}

/** A camera that viewers of this node look at. */
interface Followed {
  viewers: number
  readonly overlays: PubSub.PubSub<Overlay>
  readonly subscription: Subscription
  /** What is read of the actor while the camera runs here. */
  own: { readonly actor: CameraActor; readonly fiber: Fiber.RuntimeFiber<void> } | undefined
}

/** An overlay has at most some hundred tracks, so no message comes near what a server allows. */
const publish = (connection: NatsConnection, subject: string, text: string): void => {
  if (!connection.isClosed()) connection.publish(subject, text)
}

const read = <A, E>(decode: (text: string) => Either.Either<A, E>, data: Uint8Array): A | undefined => {
  const result = decode(new TextDecoder().decode(data))
  if (Either.isRight(result)) return result.right
  refused.unsafeUpdate(1, [])
  return undefined
}

/** Publishes overlays of this node's cameras while others want them. */
const serveWishes = Effect.gen(function* () {
  const actors = yield* CameraActors
  const { name: node } = yield* ClusterNode
  const nats = yield* Nats
  const { connection } = nats
  const served = yield* FiberMap.make<CameraId>()
  const run = Runtime.runFork(yield* Effect.runtime())
  const until = new Map<CameraId, number>()

  const serve = ({ id, overlays }: CameraActor) =>
    Stream.fromPubSub(overlays).pipe(
      Stream.takeWhile(() => (until.get(id) ?? 0) > performance.now()),
      Stream.runForEach((overlay) =>
        Effect.sync(() => {
          const text = encodeOverlay(overlay)
          if (Either.isRight(text)) publish(connection, nats.subject("camera", "overlay", id), text.right)
          else refused.unsafeUpdate(1, [])
        })
      )
    )

  const takeWish = (data: Uint8Array): void => {
    const wish = read(decodeWish, data)
    if (wish === undefined || wish.node === node) return
    for (const id of wish.cameras) {
      const actor = actors.get(id)
      if (actor === undefined) continue
      until.set(id, performance.now() + wishes.hold)
      run(FiberMap.run(served, id, serve(actor), { onlyIfMissing: true }))
    }
  }

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      connection.subscribe(nats.subject("camera", "overlay-wanted", "*"), {
        callback: (error, { data }) => (error === null ? takeWish(data) : refused.unsafeUpdate(1, []))
      })
    ),
    (subscription) => Effect.sync(() => subscription.unsubscribe())
  )
})

const make = Effect.gen(function* () {
  yield* serveWishes
  const actors = yield* CameraActors
  const { name: node } = yield* ClusterNode
  const nats = yield* Nats
  const { connection } = nats
  const run = Runtime.runFork(yield* Effect.runtime())
  const followed = new Map<CameraId, Followed>()
  const one = yield* Effect.makeSemaphore(1)

  /** Wishes for those that do not run here. */
  const wish = () => {
    const cameras = [...followed].flatMap(([id, { own }]) => (own === undefined ? [id] : [])).slice(0, mostWishes)
    if (cameras.length > 0) publish(connection, nats.subject("camera", "overlay-wanted", node), encodeWish({ node, cameras }))
  }

  /** Reads the actor while the camera is here. */
  const attach = (id: CameraId, camera: Followed): void => {
    const actor = actors.get(id)
    if (camera.own?.actor === actor) return
    if (camera.own !== undefined) run(Fiber.interrupt(camera.own.fiber))
    camera.own = undefined
    if (actor === undefined) return
    const relayed = Stream.runForEach(Stream.fromPubSub(actor.overlays), (overlay) => PubSub.publish(camera.overlays, overlay))
    camera.own = { actor, fiber: run(relayed) }
  }

  const begin = (id: CameraId) =>
    Effect.map(PubSub.sliding<Overlay>(waiting), (overlays) => {
      const subscription = connection.subscribe(nats.subject("camera", "overlay", id), {
        callback: (error, { data }) => {
          const overlay = error === null ? read(decodeOverlay, data) : undefined
          if (overlay !== undefined && overlay.cameraId === id) overlays.unsafeOffer(overlay)
        }
      })
      const camera: Followed = { viewers: 0, overlays, subscription, own: undefined }
      followed.set(id, camera)
      attach(id, camera)
      wish()
      return camera
    })

  const end = (id: CameraId, { overlays, own, subscription }: Followed) =>
    Effect.gen(function* () {
      followed.delete(id)
      subscription.unsubscribe()
      if (own !== undefined) yield* Fiber.interrupt(own.fiber)
      yield* PubSub.shutdown(overlays)
    })

  const join = (id: CameraId) =>
    Effect.gen(function* () {
      const camera = followed.get(id) ?? (yield* begin(id))
      camera.viewers++
      return camera
    }).pipe(one.withPermits(1))

  const leave = (id: CameraId, camera: Followed) =>
    Effect.suspend(() => {
      camera.viewers--
      return camera.viewers === 0 ? end(id, camera) : Effect.void
    }).pipe(one.withPermits(1))

  const look = () => {
    for (const [id, camera] of followed) attach(id, camera)
    wish()
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => setInterval(look, wishes.every)),
    (timer) => Effect.sync(() => clearInterval(timer))
  )
  yield* Effect.addFinalizer(() => Effect.forEach(followed, ([id, camera]) => end(id, camera), { discard: true }))

  return OverlayRelay.of({
    follow: (id) =>
      Effect.flatMap(
        Effect.acquireRelease(join(id), (camera) => leave(id, camera)),
        ({ overlays }) => PubSub.subscribe(overlays)
      )
  })
})
