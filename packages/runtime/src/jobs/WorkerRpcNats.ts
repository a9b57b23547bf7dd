import { RpcClient, RpcSerialization, RpcServer } from "@effect/rpc"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import type { Unauthorized } from "@vigil/core/contract/Principal"
import { WorkerRpc } from "@vigil/core/contract/WorkerRpc"
import type { TenantId } from "@vigil/core/Ids"
import type { NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { OwnModels } from "@vigil/core/port/OwnModels"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, Deferred, Effect, Layer, Redacted, Stream } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"
import { findNode, layerMeeting, subjectOfNode } from "../rpc/AnyNode.js"
import { makeClientProtocol } from "../rpc/NatsRpcClient.js"
import { layerServerProtocol } from "../rpc/NatsRpcServer.js"

const service = "workers"

const layerProtocol = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { name } = yield* ClusterNode
    return layerServerProtocol({ subject: subjectOfNode(yield* Nats, service, name) })
  })
)

/** Answers what workers ask; each node does. */
export const layerServer = RpcServer.layer(WorkerRpc, { disableFatalDefects: true }).pipe(
  Layer.provide(layerProtocol),
  Layer.provide(RpcSerialization.layerMsgPack),
  Layer.merge(layerMeeting(service))
)

/** A client of any node, for as long as the scope is open: nodes come and go, and a worker asks seldom. */
const ask = (token: Redacted.Redacted) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const protocol = yield* makeClientProtocol({ subject: subjectOfNode(nats, service, yield* findNode(service)) }).pipe(
      Effect.provide(RpcSerialization.layerMsgPack)
    )
    return yield* RpcClient.make(WorkerRpc).pipe(
      Effect.provideService(RpcClient.Protocol, protocol),
      Effect.map((client) => ({ client, headers: { authorization: `Bearer ${Redacted.value(token)}` } }))
    )
  })

/** Who a worker with a token is. */
export class WorkerIdentity extends Context.Tag("@vigil/runtime/WorkerIdentity")<
  WorkerIdentity,
  {
    readonly tenantId: TenantId
    /** Fails once the token is worth nothing any more. */
    readonly refused: Effect.Effect<never, Unauthorized>
  }
>() {}

/** How soon a worker that has nothing to do notices what was activated. */
const interval = "5 seconds"

type AskError = NodeUnavailable | RpcClientError | StoreUnavailable | Unauthorized

const away = (error: AskError): StoreUnavailable =>
  error._tag === "StoreUnavailable"
    ? error
    : new StoreUnavailable({ operation: "ask the nodes for models", detail: error.message })

/** The models of the tenant whose worker token this is, from whichever node answers. Fails where none does, or the token is refused. */
export const layerClient = (
  token: Redacted.Redacted
): Layer.Layer<OwnModels | WorkerIdentity, StoreUnavailable | Unauthorized, Nats> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const context = yield* Effect.context<Nats>()
      const refused = yield* Deferred.make<never, Unauthorized>()
      const note = (error: AskError) => (error._tag === "Unauthorized" ? Deferred.fail(refused, error) : Effect.void)
      const models = ask(token).pipe(
        Effect.flatMap(({ client, headers }) => client.Models(undefined, { headers })),
        Effect.scoped,
        Effect.tapError(note),
        Effect.provide(context)
      )
      const { tenantId } = yield* Effect.mapError(models, (error) => (error._tag === "Unauthorized" ? error : away(error)))
      const own = OwnModels.of({
        active: models.pipe(
          Effect.map((answer) => answer.models.map((descriptor) => ({ tenantId: answer.tenantId, descriptor }))),
          Effect.mapError(away)
        ),
        changes: Stream.tick(interval),
        read: ({ model, sha256, version }, from) =>
          Stream.unwrapScoped(
            Effect.map(ask(token), ({ client, headers }) => client.ModelFile({ model, version, sha256, from }, { headers }))
          ).pipe(
            Stream.tapError((error) => (error._tag === "ModelError" ? Effect.void : note(error))),
            Stream.mapError((error) => (error._tag === "ModelError" ? error : away(error))),
            Stream.provideContext(context)
          )
      })
      return Layer.merge(
        Layer.succeed(OwnModels, own),
        Layer.succeed(WorkerIdentity, { tenantId, refused: Deferred.await(refused) })
      )
    })
  )
