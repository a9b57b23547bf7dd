import * as HttpServer from "@effect/platform/HttpServer"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Data, Effect, Layer, Option } from "effect"
import { readFile } from "node:fs/promises"
import * as Http from "node:http"
import * as Https from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { problemContentType } from "@vigil/core/contract/Problem"
import { ServerConfig } from "../ServerConfig.js"
import { problemType } from "./ToProblem.js"

/** The server cannot listen; `detail` says what to change. */
export class ListenError extends Data.TaggedError("ListenError")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

/** Where the server is. */
export class ServerAddress extends Context.Tag("@vigil/api/ServerAddress")<
  ServerAddress,
  {
    readonly host: string
    readonly port: number
    /** For people's browsers, without a slash at the end. */
    readonly url: string
  }
>() {}

/** Milliseconds that open requests have to come to their end when the server stops. */
const grace = 3000

/** What a client may take its time for, in milliseconds, so that slow ones cannot hold all connections. */
const patience = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2_000
} satisfies Http.ServerOptions

const mostConnections = 4000

const withLimits = (server: Http.Server): Http.Server => {
  server.maxConnections = mostConnections
  server.maxHeadersCount = 100
  server.on("clientError", answerClientError)
  server.on("checkExpectation", answerExpectation)
  server.on("request", discardUnread)
  return server
}

/**
 * Whoever gives up reading a body destroys the request, and with it the connection that the answer, such as that the body is too large, is still to
 * go out on. Until it has, what comes is thrown away instead, for as long as a request may take.
 */
const discardUnread = (request: Http.IncomingMessage, response: Http.ServerResponse): void => {
  const destroy = request.destroy.bind(request)
  request.destroy = (error) => {
    if (error !== undefined || request.complete || request.socket.destroyed || response.writableEnded) return destroy(error)
    return request.removeAllListeners("data").resume()
  }
}

/** What Node says of requests that never become one: status, kind, detail. */
const clientErrors: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, "headers-too-long", "The address or the headers are too long."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "too-slow", "The request did not come to its end in time."]
}

/** The bytes of problem details for what comes before every route. */
const problemBody = (status: number, kind: string, detail: string): Buffer =>
  Buffer.from(JSON.stringify({ type: problemType(kind), title: Http.STATUS_CODES[status] ?? "", status, detail }))

/** Nothing but `Expect: 100-continue` is known (RFC 9110 10.1.1). */
const answerExpectation = (_: Http.IncomingMessage, response: Http.ServerResponse): void => {
  const body = problemBody(417, "expectation", "Nothing can be expected but 100-continue.")
  response.writeHead(417, { "content-type": problemContentType, "content-length": body.length, connection: "close" }).end(body)
}

/** Requests that cannot be read are answered with problem details too, and end their connection. */
const answerClientError = (error: Error, socket: Duplex): void => {
  const code = "code" in error ? String(error.code) : ""
  const [status, kind, detail] = clientErrors[code] ?? [400, "malformed-request", "This is not HTTP."]
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy()
  const body = problemBody(status, kind, detail)
  const head = `HTTP/1.1 ${status} ${Http.STATUS_CODES[status] ?? ""}\r\ncontent-type: ${problemContentType}\r\ncontent-length: ${body.length}\r\nconnection: close`
  socket.end(`${head}\r\n\r\n${body.toString()}`)
}

const readPem = (file: string) =>
  Effect.tryPromise({
    try: () => readFile(file),
    catch: (error) => new ListenError({ detail: `cannot read ${file}: ${String(error)}` })
  })

const createServer = (config: typeof ServerConfig.Service): Effect.Effect<Http.Server, ListenError> =>
  Option.match(config.tls, {
    onNone: () => Effect.sync(() => withLimits(Http.createServer(patience))),
    onSome: (files) =>
      Effect.flatMap(Effect.all([readPem(files.certificate), readPem(files.key)]), ([cert, key]) =>
        Effect.try({
          try: () => withLimits(Https.createServer({ ...patience, cert, key, minVersion: "TLSv1.2" })),
          catch: (error) => new ListenError({ detail: `certificate ${files.certificate} or key ${files.key}: ${String(error)}` })
        })
      )
  })

const listenDetail = ({ host, port }: typeof ServerConfig.Service, error: HttpServerError.ServeError): string => {
  const { cause } = error
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "EADDRINUSE") return `${host}:${port} is in use: stop what listens there, or set VIGIL_PORT`
  if (code === "EACCES") return `not allowed to listen on port ${port}: take one above 1023, or give Vigil the right to`
  return `cannot listen on ${host}:${port}: ${String(cause)}`
}

/** The connections of a server, and those of them that wait for an answer. */
interface Connections {
  readonly all: ReadonlySet<Socket>
  readonly busy: ReadonlySet<Socket>
}

const followConnections = (server: Http.Server): Connections => {
  const all = new Set<Socket>()
  const busy = new Set<Socket>()
  server.on("connection", (socket) => {
    all.add(socket)
    socket.once("close", () => all.delete(socket))
  })
  server.on("request", ({ socket }, response) => {
    busy.add(socket)
    response.once("close", () => busy.delete(socket))
  })
  return { all, busy }
}

/** Takes no new connections, waits for answers that are due, at most for the grace, and ends all connections. */
const drain = (server: Http.Server, { all, busy }: Connections) =>
  Effect.promise(async () => {
    server.close()
    const end = performance.now() + grace
    while (busy.size > 0 && performance.now() < end) await pause(20)
    for (const socket of all) socket.destroySoon()
    await pause(50)
    for (const socket of all) socket.destroy()
  })

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))

const browserHost = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}

const addressOf = (config: typeof ServerConfig.Service, server: HttpServer.HttpServer): typeof ServerAddress.Service => {
  const port = server.address._tag === "TcpAddress" ? server.address.port : config.port
  const own = `${Option.isSome(config.tls) ? "https" : "http"}://${browserHost(config.host)}:${port}`
  const url = Option.match(config.publicUrl, { onNone: () => own, onSome: ({ href }) => href.replace(/\/+$/, "") })
  return { host: config.host, port, url }
}

/** Listens as the configuration says. Handlers are added to `HttpServer` later; until then requests wait. */
export const layerHttpListener: Layer.Layer<HttpServer.HttpServer | ServerAddress, ListenError, ServerConfig> =
  Layer.scopedContext(
    Effect.gen(function* () {
      const config = yield* ServerConfig
      const nodeServer = yield* createServer(config)
      const connections = followConnections(nodeServer)
      const server = yield* NodeHttpServer.make(() => nodeServer, { host: config.host, port: config.port }).pipe(
        Effect.mapError((error) => new ListenError({ detail: listenDetail(config, error) }))
      )
      yield* Effect.addFinalizer(() => drain(nodeServer, connections))
      return Context.make(HttpServer.HttpServer, server).pipe(Context.add(ServerAddress, addressOf(config, server)))
    })
  )
