import { expect, it } from "@effect/vitest"
import { openPool, toUrl } from "@vigil/api/database/Connection"
import { Effect, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { newDatabaseUrl } from "../SharedDatabase.js"
import { startWholeSite } from "../Site.js"
import { until } from "../Vigil.js"

const image = execFileSync("ffmpeg", [
  ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=1", "-frames:v", "1", "-f", "mjpeg", "-"]
])

const serving = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<{ readonly host: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener).listen(0, "127.0.0.1", () => {
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(Effect.succeed({ host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A camera that wants its password in the address, as those of many makers do, and tells what it dislikes. */
const camera = (password: string) => {
  const seen: Array<string> = []
  const listener: RequestListener = (request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://camera")
    seen.push(request.url ?? "")
    if (searchParams.get("pwd") !== password) return response.writeHead(403, `Forbidden ${request.url}`).end()
    response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=b" })
    const send = () =>
      response.write(`--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${image.length}\r\n\r\n${""}`) &&
      response.write(Buffer.concat([image, Buffer.from("\r\n")]))
    const timer = setInterval(send, 100)
    request.once("close", () => clearInterval(timer))
    return response
  }
  return Effect.map(serving(listener), ({ host }) => ({ host, seen }))
}

/** Keeps what comes by OTLP over HTTP. */
const collector = Effect.suspend(() => {
  const got: Array<string> = []
  return Effect.map(
    serving((request, response) => {
      request.on("data", (chunk: Buffer) => got.push(chunk.toString("latin1")))
      request.on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end())
    }),
    ({ host }) => ({ host, told: () => got.join("") })
  )
})

/** Every row of every table, as text. */
const databaseText = (url: string) =>
  Effect.gen(function* () {
    const sql = yield* openPool(toUrl(Redacted.make(url)), { server: 0, client: 0 }, 1)
    yield* sql`set role vigil_system`
    const tables = yield* sql<{ readonly name: string }>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' and has_table_privilege(oid, 'select')`
    const rows = yield* Effect.forEach(tables, ({ name }) => sql`select t::text as row from ${sql(name)} t`)
    return JSON.stringify(rows)
  }).pipe(Effect.scoped)

const folderText = (folder: string) =>
  Effect.promise(async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name))
    return (await Promise.all(files.map((file) => readFile(file, "latin1")))).join("\n")
  })

it.scopedLive(
  "a secret in a camera's address is in no answer, log, trace, row or file, and the camera streams",
  () =>
    Effect.gen(function* () {
      const secret = "geheim-4711"
      const [device, traces, database] = yield* Effect.all([camera(secret), collector, newDatabaseUrl])
      const site = yield* startWholeSite({
        VIGIL_DATABASE_URL: database,
        VIGIL_LOG_LEVEL: "all",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${traces.host}`,
        OTEL_EXPORTER_OTLP_COMPRESSION: "none",
        OTEL_BSP_SCHEDULE_DELAY: "200"
      })
      const answers: Array<string> = []
      const ask = (method: string, path: string, body?: unknown) =>
        Effect.promise(async () => {
          const response = await fetch(`${site.url}/api/v1${path}`, {
            method,
            headers: {
              authorization: `Bearer ${site.token}`,
              "content-type": typeof body === "string" ? "application/octet-stream" : "application/json"
            },
            ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
          })
          const text = await response.text()
          answers.push(`${method} ${path} ${response.status} ${text}`)
          return text
        })
      const added = (name: string, pwd: string) =>
        Effect.map(
          ask("POST", "/cameras", { name, url: `http://${device.host}/${name}?user=ann&pwd=${pwd}`, analytics: [] }),
          (text) => JSON.parse(text) as { readonly id: string; readonly url: string }
        )
      const gate = yield* added("gate", secret)
      const hall = yield* added("hall", `${secret}-wrong`)
      expect(gate.url).toBe(`http://${device.host}/gate?user=***&pwd=***`)
      const stateOf = (id: string) => Effect.map(ask("GET", `/cameras/${id}/status`), (text) => /"_tag":"(\w+)"/.exec(text)?.[1])
      yield* until("it streams", stateOf(gate.id), (state) => state === "Streaming")
      yield* until("the other one is refused", ask("GET", `/cameras/${hall.id}/status`), (text) => text.includes("403"))

      // What is shown goes back with another change; the camera is connected to with what is not.
      yield* ask("PATCH", `/cameras/${gate.id}`, { url: gate.url.replace("/gate", "/door"), tags: ["moved"] })
      yield* until(
        "it moves",
        Effect.sync(() => device.seen.join(" ")),
        (seen) => seen.includes(`/door?user=ann&pwd=${secret}`)
      )
      const before = device.seen.length
      yield* ask("POST", `/history/camera/${gate.id}/rollback`, { revision: 1 })
      yield* until(
        "it moves back",
        Effect.sync(() => device.seen.slice(before)),
        (seen) => seen.some((asked) => asked.startsWith("/gate?user=ann"))
      )
      yield* until("it streams again", stateOf(gate.id), (state) => state === "Streaming")
      expect(yield* ask("GET", `/history/camera/${gate.id}`)).toContain('"urlSecret"')

      for (const url of [gate.url, gate.url.replace("***&pwd=***", `ann&pwd=${secret}`), gate.url.replace("pwd=***", "pwd=no")]) {
        yield* ask("POST", "/cameras/probe", { camera: { name: "x", url }, cameraId: gate.id, seconds: 1 })
      }
      const sheet = `name,url\nnew,http://${device.host}/new?pwd=${secret}\nold,${gate.url}\n`
      const imported = yield* ask("POST", "/cameras/import?dryRun=true", sheet)
      expect(JSON.parse(imported)).toMatchObject({
        good: 1,
        problems: [{ row: 3, column: "url", detail: expect.stringContaining("in place of ***") }]
      })
      for (const path of ["/cameras", "/cameras/status", "/cameras/export.csv", "/audit"]) {
        yield* ask("GET", path)
      }
      expect(JSON.parse(yield* ask("GET", "/cameras?search=geheim"))).toMatchObject({ cameras: [] })
      answers.push(yield* site.said("camera", "show", "gate"), yield* site.said("camera", "list"))
      const edited = yield* site.call("camera", "edit", "hall", "--source", `http://${device.host}/hall?pwd=${secret}`)
      answers.push(edited.stdout.toString(), edited.stderr)
      expect(edited.code, edited.stderr).toBe(0)
      yield* until("traces come", Effect.sync(traces.told), (told) => told.includes("/api/v1/cameras"))

      const places = {
        answers: answers.join("\n"),
        log: site.printed().stdout + site.printed().stderr,
        traces: traces.told(),
        rows: yield* databaseText(database),
        files: yield* folderText(site.data)
      }
      for (const [place, text] of Object.entries(places)) {
        expect(text.length, place).toBeGreaterThan(100)
        for (const form of [secret, Buffer.from(secret).toString("hex")]) {
          const at = text.indexOf(form)
          expect(at < 0 ? "" : text.slice(Math.max(0, at - 100), at + 50), `in the ${place}`).toBe("")
        }
      }
      expect(places.answers).toContain("pwd=***")
      expect(places.rows).toContain("pwd=***")
    }),
  400_000
)
