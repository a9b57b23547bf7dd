import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { newDatabaseUrl } from "./SharedDatabase.js"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "./Vigil.js"

const OperatorFile = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

/** A running `vigil up` with nothing in it yet, with PostgreSQL of its own, and calls of its operator. */
export const startWholeSite = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const data = join(folder, "data")
    const environment = { VIGIL_DATA: data, ...variables }
    const server = yield* runningVigil(["up", "--json"], environment)
    yield* firstLine(server)
    const { token, url } = yield* Effect.flatMap(
      Effect.promise(() => readFile(join(data, "operator.json"), "utf8")),
      Schema.decode(OperatorFile)
    )
    return {
      folder,
      data,
      url,
      token,
      pid: server.process.pid ?? 0,
      printed: server.printed,
      call: (...args: ReadonlyArray<string>) => vigil(args, environment),
      json: (...args: ReadonlyArray<string>) => vigilJson(args, environment),
      /** What a command prints that must end well. */
      said: (...args: ReadonlyArray<string>) =>
        Effect.map(vigil(args, environment), ({ code, stderr, stdout }) => {
          expect(code, `${args.join(" ")}: ${stderr}`).toBe(0)
          return stdout.toString()
        }),
      /** A file of the folder, with this in it. */
      file: (name: string, content: string | Uint8Array) =>
        Effect.promise(async () => {
          const file = join(folder, name)
          await writeFile(file, content)
          return file
        }),
      /** What the operator is answered over HTTP. */
      ask: (path: string, body?: unknown) =>
        Effect.promise(async () => {
          const response = await fetch(`${url}${path}`, {
            method: body === undefined ? "GET" : "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            ...(body === undefined ? {} : { body: JSON.stringify(body) })
          })
          const text = await response.text()
          if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
          return text
        })
    }
  })

/** The same on a database of the PostgreSQL that all test files share, which starts sooner. */
export const startSite = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(newDatabaseUrl, (url) => startWholeSite({ VIGIL_DATABASE_URL: url, ...variables }))

/** The one that the tests of a file share. */
export class Site extends Context.Tag("test/Site")<Site, Effect.Effect.Success<ReturnType<typeof startSite>>>() {
  static readonly layer = Layer.scoped(Site, startSite())
}
