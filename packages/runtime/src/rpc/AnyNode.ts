import { NodeName } from "@vigil/core/Node"
import { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { Effect, Layer, Schema } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"

/** Where a node is asked for that takes the calls of a service. */
const meeting = (nats: typeof Nats.Service, service: string) => nats.subject(service, "any")

/** Where one node takes them. */
export const subjectOfNode = (nats: typeof Nats.Service, service: string, node: NodeName) => nats.subject(service, node)

/** Says to those who look for a node that this one is there; of all nodes one answers. */
export const layerMeeting = (service: string): Layer.Layer<never, never, Nats | ClusterNode> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const nats = yield* Nats
      const { name } = yield* ClusterNode
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          nats.connection.subscribe(meeting(nats, service), {
            queue: service,
            callback: (error, message) => void (error === null && message.respond(new TextEncoder().encode(name)))
          })
        ),
        (subscription) => Effect.sync(() => subscription.unsubscribe())
      )
    })
  )

const meetingLimit = 2000
const decodeName = Schema.decodeUnknown(NodeName)

/** A node that takes the calls of a service, any of them. */
export const findNode = (service: string): Effect.Effect<NodeName, NodeUnavailable, Nats> =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const unavailable = (detail: string) => new NodeUnavailable({ node: NodeName.make("any"), detail })
    const answer = yield* Effect.tryPromise({
      try: () => nats.connection.request(meeting(nats, service), undefined, { timeout: meetingLimit }),
      catch: (error) => unavailable(`no node of the cluster ${nats.cluster} takes calls: ${String(error)}`)
    })
    return yield* Effect.mapError(decodeName(answer.string()), () => unavailable("what answered is no node"))
  })
