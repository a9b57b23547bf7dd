import { RpcClient, RpcSerialization, RpcServer } from "@effect/rpc"
import { CameraRpc } from "@vigil/core/contract/CameraRpc"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { RpcAuthentication } from "@vigil/core/contract/RpcAuthentication"
import { layerCameraRpc } from "@vigil/core/control/CameraRpcHandlers"
import { TenantId, UserId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { ClusterNode } from "../cluster/ClusterNode.js"
import { Nats } from "../nats/Nats.js"
import { findNode, layerMeeting, subjectOfNode } from "../rpc/AnyNode.js"
import { makeClientProtocol } from "../rpc/NatsRpcClient.js"
import { layerServerProtocol } from "../rpc/NatsRpcServer.js"

/** Who calls over NATS: `tenant` is whose cameras are seen, `name` is what the audit trail tells. */
export interface NatsCaller {
  readonly tenant: TenantId
  readonly name: string
}

const headers = { tenant: "x-vigil-tenant", name: "x-vigil-caller" } as const

const service = "control"

/** Not a version that `crypto.randomUUID` makes, so no person has it. */
const callerId = UserId.make("00000000-0000-8000-8000-000000000002")

const Caller = Schema.Struct({ [headers.tenant]: TenantId, [headers.name]: User.fields.username })
const decodeCaller = Schema.decodeUnknownOption(Caller)

/**
 * Whoever may publish below `vigil.<cluster>.control` is trusted with everything, as a node is: NATS's own permissions decide who may. A caller says for
 * which tenant it calls, and who it is.
 */
const layerTrustedCaller = Layer.succeed(RpcAuthentication, ({ headers: given }) =>
  Option.match(decodeCaller(given), {
    onNone: () =>
      new Unauthorized({ detail: `a call over NATS names its tenant and its caller: ${Object.values(headers).join(", ")}` }),
    onSome: (caller) =>
      Effect.map(DateTime.now, (createdAt) => ({
        user: User.make({
          id: callerId,
          tenantId: caller[headers.tenant],
          username: caller[headers.name],
          role: "admin",
          createdAt
        }),
        address: "nats"
      }))
  })
)

const layerProtocol = Layer.unwrapEffect(
  Effect.gen(function* () {
    const nats = yield* Nats
    const { name } = yield* ClusterNode
    return layerServerProtocol({ subject: subjectOfNode(nats, service, name) })
  })
)

/** Answers the calls of `CameraRpc` that come over NATS, whichever node their camera runs on. */
export const layerServer = RpcServer.layer(CameraRpc, { disableFatalDefects: true }).pipe(
  Layer.provide([layerCameraRpc, layerTrustedCaller, layerProtocol]),
  Layer.provide(RpcSerialization.layerMsgPack),
  Layer.merge(layerMeeting(service))
)

/**
 * `CameraRpc` over NATS, by the node that is named, or any. When that node ends, calls fail with an `RpcClientError`: make another client then.
 *
 * @public for programs
 */
export const makeCameraRpcOverNats = ({ name, tenant }: NatsCaller, node?: NodeName) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const protocol = yield* makeClientProtocol({
      subject: subjectOfNode(nats, service, node ?? (yield* findNode(service)))
    }).pipe(Effect.provide(RpcSerialization.layerMsgPack))
    const named: typeof protocol = {
      ...protocol,
      send: (request, transferables) =>
        protocol.send(
          request._tag === "Request"
            ? { ...request, headers: [...request.headers, [headers.tenant, tenant], [headers.name, name]] }
            : request,
          transferables
        )
    }
    return yield* RpcClient.make(CameraRpc).pipe(Effect.provideService(RpcClient.Protocol, named))
  })
