import { type NodeName, NodeReport } from "@vigil/core/Node"
import { Context, Effect, Either, Layer, Schedule, Schema } from "effect"
import { Nats } from "../nats/Nats.js"
import { NodeMonitor } from "./NodeMonitor.js"

const interval = "1 second"
/** Milliseconds after a node's last report in which it counts as reachable, and is listed at all. */
const reachableFor = 5000
const listedFor = 600_000
/** Nodes at the most: a report takes about 1 kB. */
const limit = 1000

/** The nodes of the cluster, as they report themselves; this one is always among them. */
export class NodeRegistry extends Context.Tag("@vigil/runtime/NodeRegistry")<
  NodeRegistry,
  {
    /** By name. A node that has not reported for some seconds is `unreachable`; one that said so when it ended is not listed. */
    readonly nodes: () => ReadonlyArray<NodeReport>
    /** Reports this node now; it does so once a second by itself. */
    readonly announce: Effect.Effect<void>
  }
>() {
  /** One node alone. */
  static readonly layerAlone: Layer.Layer<NodeRegistry, never, NodeMonitor> = Layer.effect(
    NodeRegistry,
    Effect.map(NodeMonitor, (monitor) => ({ nodes: () => [monitor.report()], announce: Effect.void }))
  )
  /** Nodes that report to each other over NATS. */
  static readonly layerNats: Layer.Layer<NodeRegistry, never, NodeMonitor | Nats> = Layer.scoped(
    NodeRegistry,
    Effect.suspend(() => makeNats)
  )
}

interface Known {
  readonly report: NodeReport
  /** By this node's own clock. */
  readonly heard: number
}

const Report = Schema.parseJson(NodeReport)
const decode = Schema.decodeUnknownEither(Report)
const encode = Schema.encodeSync(Report)
const text = new TextDecoder()

const makeNats = Effect.gen(function* () {
  const { connection, subject } = yield* Nats
  const monitor = yield* NodeMonitor
  const own = monitor.report().name
  const known = new Map<NodeName, Known>()

  const receive = (data: Uint8Array, from: string) => {
    if (data.length === 0) {
      for (const name of known.keys()) if (subject("node", name) === from) known.delete(name)
      return
    }
    const decoded = decode(text.decode(data))
    if (Either.isLeft(decoded) || subject("node", decoded.right.name) !== from || decoded.right.name === own) return
    if (known.size >= limit && !known.has(decoded.right.name)) return
    known.set(decoded.right.name, { report: decoded.right, heard: performance.now() })
  }

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      connection.subscribe(subject("node", "*"), {
        callback: (error, message) => {
          if (error === null) receive(message.data, message.subject)
        }
      })
    ),
    (subscription) => Effect.sync(() => subscription.unsubscribe())
  )

  const publish = (data: string) =>
    Effect.sync(() => {
      if (!connection.isClosed()) connection.publish(subject("node", own), data)
    })
  // An empty report is the last one: the node has ended in order.
  yield* Effect.addFinalizer(() => publish(""))
  const announce = Effect.suspend(() => publish(encode(monitor.report())))
  yield* announce.pipe(Effect.repeat(Schedule.spaced(interval)), Effect.forkScoped)

  const current = (): ReadonlyArray<NodeReport> => {
    const now = performance.now()
    for (const [name, { heard }] of known) if (now - heard > listedFor) known.delete(name)
    return [...known.values()].map(({ heard, report }) =>
      now - heard > reachableFor ? { ...report, state: "unreachable" } : report
    )
  }

  return NodeRegistry.of({
    announce,
    nodes: () => [monitor.report(), ...current()].sort((a, b) => (a.name < b.name ? -1 : 1))
  })
})
