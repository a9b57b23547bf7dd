import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { ServerConfig } from "@vigil/api/ServerConfig"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { CommandFailed } from "../Output.js"
import { version } from "../Version.js"

/** Where the server that uses a data folder listens, and what makes its operator. Whoever may read the file may operate Vigil. */
const OperatorAccess = Schema.Struct({
  url: Schema.String,
  token: Schema.Redacted(Schema.String),
  version: Schema.String,
  /** PEM of the server's own certificate, where it serves HTTPS: it is made for another name than this machine's loopback address. */
  certificate: Schema.optional(Schema.String)
})
export type OperatorAccess = typeof OperatorAccess.Type

const Text = Schema.parseJson(OperatorAccess)

const fileIn = (dataFolder: string) => join(dataFolder, "operator.json")

/** A wildcard is no address to connect to. */
const localHost = (host: string): string => {
  if (host === "0.0.0.0" || host === "localhost") return "127.0.0.1"
  if (host === "::") return "[::1]"
  return host.includes(":") ? `[${host}]` : host
}

const isForbidden = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EACCES"

/** The access of a server that uses the folder, or used it and was killed. */
export const readOperatorFile = (dataFolder: string): Effect.Effect<Option.Option<OperatorAccess>, CommandFailed> => {
  const file = fileIn(dataFolder)
  return Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: (error) => error }).pipe(
    Effect.flatMap(Schema.decode(Text)),
    Effect.asSome,
    Effect.catchAll((error) =>
      isForbidden(error)
        ? Effect.fail(new CommandFailed({ detail: `${file} may not be read: run this as the user who runs Vigil` }))
        : Effect.succeedNone
    )
  )
}

const write = async (file: string, text: string) => {
  const fresh = `${file}.${randomUUID()}`
  await writeFile(fresh, text, { mode: 0o600, flush: true })
  await rename(fresh, file)
}

/** Writes the file as soon as the server listens, and removes it before the server stops. */
export const layer = (dataFolder: string) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { host, port } = yield* ServerAddress
      const { token } = yield* LocalOperator
      const { tls } = yield* ServerConfig
      const certificate = Option.isNone(tls)
        ? {}
        : { certificate: yield* Effect.promise(() => readFile(tls.value.certificate, "utf8")) }
      const url = `${Option.isSome(tls) ? "https" : "http"}://${localHost(host)}:${port}`
      const file = fileIn(dataFolder)
      const text = Schema.encodeSync(Text)({ url, token, version, ...certificate })
      const isOurs = readOperatorFile(dataFolder).pipe(
        Effect.map(Option.exists((found) => Redacted.value(found.token) === Redacted.value(token))),
        Effect.catchTag("CommandFailed", () => Effect.succeed(false))
      )
      yield* Effect.promise(() => mkdir(dataFolder, { recursive: true, mode: 0o700 }))
      yield* Effect.acquireRelease(
        Effect.promise(() => write(file, text)),
        () => Effect.flatMap(isOurs, (ours) => (ours ? Effect.promise(() => rm(file, { force: true })) : Effect.void))
      )
    })
  )
