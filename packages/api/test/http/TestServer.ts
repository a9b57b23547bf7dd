import type { Persistence } from "@vigil/api/Persistence"
import { layerServer, setupLink } from "@vigil/api/Server"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { ServerConfig } from "@vigil/api/ServerConfig"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { CameraRuns } from "@vigil/core/settings/CameraRuns"
import { Settings } from "@vigil/core/settings/Settings"
import type { Role } from "@vigil/core/User"
import { Context, Effect, Layer, Logger, LogLevel, Option } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { layerFakePorts } from "./FakePorts.js"

type Config = typeof ServerConfig.Service

export const testConfig = (overrides: Partial<Config> = {}): Config => ({
  host: "127.0.0.1",
  port: 0,
  tls: Option.none(),
  publicUrl: Option.none(),
  allowedOrigins: new Set(),
  trustedProxies: "none",
  allowedAddresses: Option.none(),
  requestsPerMinute: 1_000_000,
  metricsToken: Option.none(),
  mail: Option.none(),
  allowPlainProviders: false,
  ...overrides
})

export const password = "correct horse battery"

/** A request to the server, answered with status, headers and the body as text. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export interface Visit {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly cookie?: string | undefined
  /** Of another server than the test's own. */
  readonly at?: string
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not every answer is JSON.
    return undefined
  }
}

/** A server of this test file's own with a real database; its first administrator is `root`, a user of each other role is named by it. */
export class TestServer extends Context.Tag("test/TestServer")<
  TestServer,
  {
    readonly url: string
    readonly visit: (visit: Visit) => Effect.Effect<Answer>
    /** The session cookie (`name=token`) of a new session. */
    readonly signIn: (username: string) => Effect.Effect<string>
    readonly cookies: Readonly<Record<Role, string>>
  }
>() {}

export const cookieOf = ({ headers }: Answer): string => headers.getSetCookie()[0]?.split(";")[0] ?? ""

const payloadOf = (body: unknown) => {
  if (body instanceof Uint8Array) return Uint8Array.from(body)
  return typeof body === "string" ? body : JSON.stringify(body)
}

const visitor =
  (url: string) =>
  ({ at = url, body, cookie, headers, method = "GET", path }: Visit): Effect.Effect<Answer> =>
    Effect.promise(async () => {
      const raw = typeof body === "string" || body instanceof Uint8Array
      const response = await fetch(at + path, {
        method,
        headers: {
          ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
          ...(cookie === undefined ? {} : { cookie }),
          ...headers
        },
        ...(body === undefined ? {} : { body: payloadOf(body) }),
        redirect: "manual"
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: parse(text) }
    })

const make = Effect.gen(function* () {
  const { port } = yield* ServerAddress
  const url = `http://127.0.0.1:${port}`
  const visit = visitor(url)
  const signIn = (username: string) =>
    Effect.map(visit({ method: "POST", path: "/api/v1/session", body: { username, password } }), cookieOf)
  const token = new URL(Option.getOrThrow(yield* setupLink)).searchParams.get("token")
  const admin = cookieOf(yield* visit({ method: "POST", path: "/api/v1/setup", body: { token, username: "root", password } }))
  for (const role of ["supervisor", "operator", "viewer"] as const) {
    yield* visit({ method: "POST", path: "/api/v1/users", cookie: admin, body: { username: role, role, password } })
  }
  const cookies = {
    admin,
    supervisor: yield* signIn("supervisor"),
    operator: yield* signIn("operator"),
    viewer: yield* signIn("viewer")
  }
  return { url, visit, signIn, cookies }
})

/** Jobs that are given up at once. */
const layerImpatientQueue = layerVideoJobQueueMemory({ deliveries: 1 })

/** A server over stores that are there. */
export const layerServerOver = <A, E, R>(
  stores: Layer.Layer<A | Persistence, E, R>,
  config: Config,
  webFolder = "/nonexistent",
  queue = layerImpatientQueue
) =>
  layerServer({ webFolder }).pipe(
    Layer.provideMerge(layerFakePorts),
    Layer.provideMerge(queue),
    Layer.provideMerge(CameraRuns.layer),
    Layer.provideMerge(Settings.layer),
    Layer.provideMerge(OutboxRelay.layer),
    Layer.provideMerge(layerBusMemory),
    Layer.provideMerge(stores),
    Layer.provideMerge(Layer.succeed(ServerConfig, config)),
    Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Error))
  )

/** The server alone, with nobody set up. */
export const layerBareServer = (config: Config, webFolder?: string, queue?: typeof layerImpatientQueue) =>
  layerServerOver(layerEmbeddedStores, config, webFolder, queue)

export const layerTestServer = (config: Config = testConfig(), webFolder?: string, queue?: typeof layerImpatientQueue) =>
  Layer.effect(TestServer, make).pipe(Layer.provideMerge(layerBareServer(config, webFolder, queue)))
