import { readFile, writeFile } from "node:fs/promises"
import * as Http from "node:http"
import * as Https from "node:https"
import { join } from "node:path"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { Effect, Exit, Schema, Scope } from "effect"
import { newDatabaseUrl } from "./SharedDatabase.js"
import { firstLine, type Running, runningVigil, temporaryFolder, vigil, vigilJson } from "./Vigil.js"

const Access = Schema.parseJson(
  Schema.Struct({ url: Schema.String, token: Schema.String, certificate: Schema.optional(Schema.String) })
)
const readAccess = Schema.decodeSync(Access)
const readStatus = Schema.decodeSync(Schema.parseJson(CameraStatus))

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

const get = (url: string, options: Https.RequestOptions) =>
  new Promise<Answer>((resolve, reject) => {
    const { get: ask } = url.startsWith("https:") ? Https : Http
    ask(url, options, (response) => {
      let body = ""
      response.setEncoding("latin1").on("data", (text: string) => {
        body += text
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"], body }))
    }).on("error", reject)
  })

/** A server that can be stopped and started again at the same address. */
export const startSite = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const data = join(folder, "data")
    const environment = { VIGIL_DATA: data, VIGIL_DATABASE_URL: yield* newDatabaseUrl, ...variables }
    let port = "0"
    let scope: Scope.CloseableScope | undefined
    let server: Running | undefined
    const stop = Effect.suspend(() => (scope === undefined ? Effect.void : Scope.close(scope, Exit.void)))
    const start = Effect.gen(function* () {
      scope = yield* Scope.make()
      server = yield* Scope.extend(runningVigil(["up", "--json"], { ...environment, VIGIL_PORT: port }), scope)
      const { url } = (yield* firstLine(server)) as { readonly url: string }
      port = new URL(url).port
      return url
    })
    yield* Effect.addFinalizer(() => stop)
    const url = yield* start
    const ask = (path: string) =>
      Effect.promise(async () => {
        const { certificate: ca, token, url: own } = readAccess(await readFile(join(data, "operator.json"), "utf8"))
        return await get(`${own}${path}`, {
          ...(ca === undefined ? {} : { ca }),
          agent: false,
          headers: { authorization: `Bearer ${token}` }
        })
      })
    const statusOf = (id: string) =>
      Effect.map(ask(`/api/v1/cameras/${id}/status`), ({ body, status }): CameraStatus | undefined =>
        status === 200 ? readStatus(body) : undefined
      )
    return {
      folder,
      url,
      start,
      stop,
      ask,
      statusOf,
      pid: () => server?.process.pid ?? 0,
      log: () => server?.printed().stderr ?? "",
      call: (...args: ReadonlyArray<string>) => vigil(args, environment),
      /** A camera that waits for its publisher, and a file with the token that lets it in. */
      published: (name: string) =>
        Effect.gen(function* () {
          const { id } = (yield* vigilJson(["camera", "add", name, "whip:"], environment)) as { readonly id: string }
          const { token } = (yield* vigilJson(["camera", "token", name], environment)) as { readonly token: string }
          const tokenFile = join(folder, `${name}.token`)
          yield* Effect.promise(() => writeFile(tokenFile, `${token}\n`, { mode: 0o600 }))
          return { id, token, tokenFile }
        })
    }
  })

export type Site = Effect.Effect.Success<ReturnType<typeof startSite>>

/** Waits until the camera's status is as wanted. */
export const untilStatus = (site: Site, id: string, what: string, holds: (status: CameraStatus) => boolean) =>
  Effect.gen(function* () {
    const end = performance.now() + 120_000
    for (;;) {
      const status = yield* site.statusOf(id)
      if (status !== undefined && holds(status)) return status
      if (performance.now() > end) return yield* Effect.die(new Error(`${what}: never; ${JSON.stringify(status)}\n${site.log()}`))
      yield* Effect.sleep("100 millis")
    }
  })
