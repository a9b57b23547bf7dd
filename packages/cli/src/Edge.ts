import * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import { toEmbedded } from "@vigil/api/database/Connection"
import { startEmbeddedPostgres } from "@vigil/api/database/EmbeddedPostgres"
import { layerStores } from "@vigil/api/Persistence"
import { edgeMessageLimit, EdgeRpc, edgeRpcPath } from "@vigil/core/contract/EdgeRpc"
import { layerErasures } from "@vigil/core/privacy/CarryOutErasure"
import { Deliverer } from "@vigil/runtime/edge/Deliverer"
import { EdgeLink, EdgeLinkError } from "@vigil/runtime/edge/EdgeLink"
import { EdgeModels } from "@vigil/runtime/edge/EdgeModels"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Effect, Layer, Redacted } from "effect"
import { join } from "node:path"
import { WebSocket } from "ws"
import * as Up from "./Up.js"

/** Where an edge connects, and what shows who it is. */
export interface Centre {
  /** `https://vigil.example`. */
  readonly origin: string
  /** PEM of the authorities that are believed instead of the system's. */
  readonly ca: string | undefined
  /** Read anew for each attempt, so that a token can be replaced while the edge runs. */
  readonly token: Effect.Effect<Redacted.Redacted, EdgeLinkError>
}

const openLimit = 10_000

const refusal = (error: Error): EdgeLinkError => {
  const status = /Unexpected server response: (\d+)/.exec(error.message)?.[1]
  if (status === "401")
    return new EdgeLinkError({
      reason: "unauthorized",
      detail: "the centre does not know the token: it is wrong, or was revoked"
    })
  if (status !== undefined) return new EdgeLinkError({ reason: "refused", detail: `the centre answers with HTTP ${status}` })
  return new EdgeLinkError({ reason: "unreachable", detail: error.message === "" ? error.name : error.message })
}

/** An open connection, until the scope closes. */
const openSocket = ({ ca, origin, token }: Centre) =>
  Effect.gen(function* () {
    const authorization = `Bearer ${Redacted.value(yield* token)}`
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const made = new WebSocket(`${origin.replace(/^http/, "ws")}${edgeRpcPath}`, {
          headers: { authorization },
          handshakeTimeout: openLimit,
          maxPayload: edgeMessageLimit.toEdge,
          perMessageDeflate: false,
          ...(ca === undefined ? {} : { ca })
        })
        // Told by whoever waits for it; an error event without any listener would end the process.
        made.on("error", () => undefined)
        return made
      }),
      (made) => Effect.sync(() => made.terminate())
    )
    yield* Effect.async<void, EdgeLinkError>((resume) => {
      socket.once("open", () => resume(Effect.void))
      socket.once("error", (error) => resume(Effect.fail(refusal(error))))
    })
    return socket
  })

const connect = (centre: Centre) =>
  Effect.gen(function* () {
    const socket = yield* openSocket(centre)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types differ in events that Effect does not use
    const asGlobal = socket as unknown as globalThis.WebSocket
    const protocol = RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
      Layer.provide(Layer.effect(Socket.Socket, Socket.fromWebSocket(Effect.succeed(asGlobal)))),
      Layer.provide(
        Layer.succeed(RpcSerialization.RpcSerialization, RpcSerialization.makeNdjson({ maxBufferSize: edgeMessageLimit.toEdge }))
      )
    )
    return yield* RpcClient.make(EdgeRpc).pipe(Effect.provide(yield* Layer.build(protocol)))
  })

/** The way to the centre: one WebSocket that goes out of the site. */
export const layerLink = (centre: Centre) => Layer.succeed(EdgeLink, { centre: centre.origin, connect: connect(centre) })

/** Where an edge keeps what is its own: never in a database or folder of a Vigil with people and cameras of its own. */
const edgeFolder = (dataFolder: string): string => join(dataFolder, "edge")

const layerStorage = (dataFolder: string) => {
  const folder = edgeFolder(dataFolder)
  return Layer.merge(
    ModelRepository.layer({ folder: join(dataFolder, "models") }),
    Layer.unwrapScoped(
      Effect.map(startEmbeddedPostgres(join(folder, "postgres")), (server) => layerStores(toEmbedded(server), folder))
    )
  )
}

/** A node for the cameras of one edge: nothing listens, everything is in its folder, and what it sees is delivered to the centre. */
export const layer = (dataFolder: string) =>
  Layer.merge(Deliverer.layer, layerErasures).pipe(
    Layer.provideMerge(Up.layerAlone(edgeFolder(dataFolder))),
    Layer.provideMerge(EdgeModels.layer),
    Layer.provideMerge(layerStorage(dataFolder))
  )
