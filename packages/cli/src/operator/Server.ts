import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { RequestError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Socket from "@effect/platform/Socket"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as RpcClient from "@effect/rpc/RpcClient"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import { InvalidField, NotSignedIn } from "@vigil/core/contract/Problem"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Console, Context, Effect, Layer, Option, ParseResult, Schema, Scope, Stream } from "effect"
import { WebSocket } from "ws"
import { CommandFailed } from "../Output.js"
import { isOther, isSkew, isUnknownRoute, skewed } from "./VersionSkew.js"
import { localAccess, placeOf, type ServerAccess, type ServerOptions } from "./ServerAccess.js"

/** How long a server may take to say who we are, and to answer a call. */
const helloLimit = "10 seconds"

/** Shows with each request who we are. */
const httpTransport = (access: ServerAccess) =>
  Effect.gen(function* () {
    const client = yield* Layer.build(Layer.provide(NodeHttpClient.layerWithoutAgent, NodeHttpClient.makeAgentLayer(access.tls)))
    return HttpClient.mapRequestEffect(Context.get(client, HttpClient.HttpClient), (request) =>
      Effect.mapBoth(access.headers, {
        onSuccess: (headers) => HttpClientRequest.setHeaders(request, headers),
        onFailure: (cause) => new RequestError({ request, reason: "Encode", cause, description: cause.message })
      })
    )
  })

type Transport = Effect.Effect.Success<ReturnType<typeof httpTransport>>

const httpClient = (access: ServerAccess, transport: Transport) =>
  HttpApiClient.makeWith(VigilApi, { baseUrl: access.url, httpClient: transport })

export type Http = Effect.Effect.Success<ReturnType<typeof httpClient>>

type Rpc = RpcClient.FromGroup<typeof VigilRpc, RpcClientError>

/** The running Vigil that a command speaks to. */
export class Server extends Context.Tag("@vigil/cli/Server")<
  Server,
  {
    readonly url: string
    /** Known of a server on this machine. */
    readonly version: string | undefined
    readonly http: Http
    /** The same transport, for what is too large to be held. */
    readonly transport: Transport
    /** Connects the first time. */
    readonly rpc: Effect.Effect<Rpc, CommandFailed>
    /** The profile that it was chosen by. */
    readonly profile: string | undefined
  }
>() {}

const rpcClient = (access: ServerAccess): Effect.Effect<Rpc, CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { tls, url } = access
    const headers = yield* access.headers
    const open = Layer.succeed(
      Socket.WebSocketConstructor,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types differ in events that Effect does not use
      (address) => new WebSocket(address, { headers, ...tls }) as unknown as globalThis.WebSocket
    )
    const protocol = RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
      Layer.provide(Socket.layerWebSocket(`${url.replace(/^http/, "ws")}/api/v1/rpc`)),
      Layer.provide(open),
      Layer.provide(RpcSerialization.layerNdjson)
    )
    return yield* RpcClient.make(VigilRpc).pipe(Effect.provide(yield* Layer.build(protocol)))
  })

/** Of values that are not allowed the detail is how many: which ones, and why, is in the list of them. */
const wrongValues = (error: object): string | undefined => {
  if (!("type" in error && error.type === "urn:vigil:problem:validation" && "errors" in error)) return undefined
  const fields = Option.getOrElse(Schema.decodeUnknownOption(Schema.Array(InvalidField))(error.errors), () => [])
  return fields.length === 0 ? undefined : fields.map(({ detail, pointer }) => `${pointer.slice(1)}: ${detail}`).join("; ")
}

const unfit = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .map(({ message, path }) => `${path.map(String).join(".")}: ${message}`)
    .join("; ")

const said = (error: unknown): string | undefined => {
  if (typeof error !== "object" || error === null) return undefined
  if ("detail" in error && typeof error.detail === "string" && "title" in error) return wrongValues(error) ?? error.detail
  return "title" in error && typeof error.title === "string" ? error.title : undefined
}

/** What the server answered, as the one sentence that a command ends with. */
const failureOf =
  ({ url, version }: Pick<Context.Tag.Service<Server>, "url" | "version">) =>
  (error: unknown): Error => {
    if (isUnknownRoute(error) || (isSkew(error) && isOther(version))) return skewed(url, isOther(version) ? version : undefined)
    // What was typed does not fit, which is seen before it is sent.
    if (ParseResult.isParseError(error)) return new CommandFailed({ detail: unfit(error) })
    const problem = said(error)
    if (problem !== undefined) return new CommandFailed({ detail: problem })
    const tag = typeof error === "object" && error !== null && "_tag" in error ? error._tag : undefined
    if (error instanceof RequestError && error.cause instanceof CommandFailed) return error.cause
    if (tag === "RpcClientError" || tag === "RequestError" || tag === "ResponseError") {
      return new CommandFailed({ detail: `the connection to ${url} was lost` })
    }
    return error instanceof Error ? error : new CommandFailed({ detail: String(error) })
  }

/** Asks the server over HTTP. */
export const overHttp = <A, E, R>(ask: (http: Http) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Server, (server) => Effect.mapError(ask(server.http), failureOf(server)))

const isLost = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "RpcClientError"

/** Why a call by RPC failed. A socket that is refused does not say why; the same over HTTP does. */
const failureOfRpc =
  (server: Context.Tag.Service<Server>) =>
  (error: unknown): Effect.Effect<never, Error> =>
    isLost(error)
      ? Effect.zipRight(
          Effect.mapError(server.http.catalogue.analytics(), failureOf(server)),
          Effect.fail(failureOf(server)(error))
        )
      : Effect.fail(failureOf(server)(error))

/** What the server sends on a path, part by part: never held in whole. */
export const download = (path: string) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const server = yield* Server
      const { transport, url } = server
      const response = yield* Effect.mapError(transport.get(`${url}${path}`), failureOf(server))
      if (response.status === 200) return Stream.mapError(response.stream, failureOf(server))
      return yield* Effect.flatMap(
        Effect.catchAll(response.json, () => Effect.succeed(undefined)),
        (problem) => Effect.fail(new CommandFailed({ detail: said(problem) ?? `${url} answered ${response.status}` }))
      )
    })
  )

/** A call that the server does not know ends as a defect there. */
const unknownCall =
  ({ url, version }: Context.Tag.Service<Server>) =>
  (defect: unknown): Option.Option<Effect.Effect<never, CommandFailed>> =>
    /Unknown request tag/.test(String(defect)) ? Option.some(skewed(url, isOther(version) ? version : undefined)) : Option.none()

/** Asks the server by RPC. */
export const overRpc = <A, E, R>(ask: (rpc: Rpc) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Server, (server) =>
    Effect.flatMap(server.rpc, ask).pipe(Effect.catchSomeDefect(unknownCall(server)), Effect.catchAll(failureOfRpc(server)))
  )

/** What the server tells from now on. */
export const streamRpc = <A, E, R>(ask: (rpc: Rpc) => Stream.Stream<A, E, R>) =>
  Stream.unwrap(Effect.map(Server, (server) => Stream.catchAll(Stream.unwrap(Effect.map(server.rpc, ask)), failureOfRpc(server))))

const connect = (access: ServerAccess) =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const transport = yield* httpTransport(access)
    const http = yield* httpClient(access, transport)
    yield* http.session.me().pipe(Effect.timeout(helloLimit))
    const rpc = yield* Effect.cached(Effect.provideService(rpcClient(access), Scope.Scope, scope))
    return Server.of({ url: access.url, version: access.version, profile: access.profile, http, transport, rpc })
  })

const nameOf = (error: unknown): string => (error instanceof Error ? error.message : "an answer that is none of Vigil's")

const connectRemote = (access: ServerAccess) =>
  Effect.mapError(connect(access), (error) => {
    if (error instanceof CommandFailed) return error
    if (error instanceof RequestError && error.cause instanceof CommandFailed) return error.cause
    if (error instanceof NotSignedIn)
      return new CommandFailed({ detail: `${access.url} does not accept ${access.from}: it is wrong, or it has ended` })
    if (error instanceof RequestError)
      return new CommandFailed({ detail: `${access.url} cannot be reached: ${error.description ?? String(error.cause)}` })
    return new CommandFailed({ detail: `${access.url} does not answer as a Vigil does: ${said(error) ?? nameOf(error)}` })
  })

/** Whether what answers there is a Vigil, and not another program that was given a killed one's port. */
const isVigil = (access: ServerAccess) =>
  Effect.gen(function* () {
    const transport = yield* httpTransport(access)
    const { headers, status } = yield* transport.get(`${access.url}/api/v1/health/live`)
    return status === 200 && headers["content-type"]?.startsWith("application/health+json") === true
  }).pipe(Effect.orElseSucceed(() => false))

const connectLocal = (folder: string) =>
  Effect.flatMap(
    localAccess(folder),
    Option.match({
      onNone: () => Effect.succeedNone,
      // Whoever does not know the token of the file is not the server that wrote it.
      onSome: (access) =>
        Effect.asSome(connect(access)).pipe(
          Effect.catchAll((error) =>
            isSkew(error) && isOther(access.version)
              ? Effect.flatMap(isVigil(access), (runs) => (runs ? skewed(access.url, access.version) : Effect.succeedNone))
              : Effect.succeedNone
          )
        )
    })
  )

/** Whether a server that uses the data folder is running, of whichever version. */
export const answers = (folder: string) =>
  Effect.scoped(Effect.map(connectLocal(folder), Option.isSome)).pipe(
    Effect.catchTag("CommandFailed", () => Effect.succeed(true))
  )

/** The server that the options name; fails with what to do where there is none. */
export const layer = (options: ServerOptions) =>
  Layer.scoped(
    Server,
    Effect.gen(function* () {
      const place = yield* placeOf(options)
      if (place._tag === "Remote") return yield* connectRemote(place.access)
      const own = yield* connectLocal(place.folder)
      if (Option.isSome(own)) return own.value
      const demo = yield* connectLocal(place.demo)
      if (Option.isNone(demo)) {
        return yield* new CommandFailed({
          detail: `no Vigil is running with the data folder ${place.folder}: start it with \`vigil up\``
        })
      }
      yield* Console.error(
        `vigil: nothing runs with the data folder ${place.folder}, so this speaks to the demo in ${place.demo}`
      )
      return demo.value
    })
  )
