import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { Agent, request } from "node:http"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Effect, Schema } from "effect"
import pg from "pg"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { runToEnd } from "./RunToEnd.js"

const cameras = 6000
const clients = 16
/** In turn, so that what else the machine does meets both alike. */
const rounds = 3
const roundSeconds = 1.5

const credentials = { username: "root", password: "correct horse battery" }
const Announced = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ url: Schema.String, setup: Schema.String })))

interface Question {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

const firstLine = (child: ChildProcess, name: string) =>
  Effect.tryPromise(
    () =>
      new Promise<string>((resolve, reject) => {
        if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve)
        child.once("error", reject)
        child.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)))
      })
  ).pipe(Effect.timeout("60 seconds"))

/** Runs a Node program until the scope closes. Answers its first line. */
const runProgram = (name: string, file: string, words: ReadonlyArray<string>, variables: Readonly<Record<string, string>>) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [file, ...words], { stdio: ["ignore", "pipe", "inherit"], env: variables })),
      (child) =>
        Effect.promise(
          () =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null || child.signalCode !== null) return resolve()
              child.once("exit", () => resolve())
              child.kill("SIGTERM")
            })
        )
    ),
    (child) => firstLine(child, name)
  )

/** Each client has an address of its own: how often one may sign in at a time is limited for each. */
const agents = Array.from(
  { length: clients },
  (_, n) => new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.0.0.${n + 1}` })
)

const ask = (url: string, cookie: string, { body, method, path }: Question, agent = agents[0]) =>
  new Promise<{ readonly status: number; readonly cookie: string; readonly text: string }>((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...(cookie === "" ? {} : { cookie }),
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    }
    const asked = request(url + path, { method, agent, headers }, (answer) => {
      const parts: Array<Buffer> = []
      answer.on("data", (part: Buffer) => parts.push(part))
      answer.on("error", reject)
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          cookie: answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "",
          text: Buffer.concat(parts).toString()
        })
      )
    })
    asked.on("error", reject)
    asked.end(text)
  })

/** Answers a second to clients that each ask again as soon as they are answered. */
const rateOf = async (url: string, cookie: string, next: () => Question): Promise<number> => {
  const begun = performance.now()
  let answered = 0
  const client = async (agent: Agent) => {
    while (performance.now() - begun < roundSeconds * 1000) {
      const question = next()
      const { status, text } = await ask(url, cookie, question, agent)
      if (status !== 200) throw new Error(`${question.method} ${url}${question.path} answers ${status}: ${text.slice(0, 200)}`)
      answered++
    }
  }
  await Promise.all(agents.map(client))
  return (answered / (performance.now() - begun)) * 1000
}

/** 6000 cameras that are switched off. Answers their ids. */
const fill = async (databaseUrl: string): Promise<ReadonlyArray<string>> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into cameras (id, tenant_id, name, configuration, revision, created_at, updated_at)
       select gen_random_uuid(), tenant_id, 'Camera ' || n, configuration, 1, now(), now()
       from cameras, generate_series(2, $1::int) n`,
      [cameras]
    )
    await client.query("analyze cameras")
    return (await client.query<{ readonly id: string }>("select id from cameras")).rows.map(({ id }) => id)
  } finally {
    await client.end()
  }
}

/** Until all of them have their actor: what a server does once is not what it answers with. */
const settled = async (url: string, cookie: string): Promise<void> => {
  const deadline = performance.now() + 300_000
  while (performance.now() < deadline) {
    const { text } = await ask(url, cookie, { method: "GET", path: "/metrics" })
    const counts = [...text.matchAll(/^vigil_cameras\{[^}]*\} (\d+)/gm)].map(([, count]) => Number(count))
    if (counts.reduce((sum, count) => sum + count, 0) >= cameras) return
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error(`${url} does not have all cameras within 300 s`)
}

const compare = async (
  name: string,
  [ours, cookie]: readonly [string, string],
  peer: string,
  [ourNext, peerNext]: readonly [() => Question, () => Question]
): Promise<BenchmarkResult> => {
  const rates = { ours: Array<number>(), peer: Array<number>() }
  for (let round = 0; round <= rounds; round++) {
    const [one, other] = [await rateOf(ours, cookie, ourNext), await rateOf(peer, "", peerNext)]
    // The first round warms both up.
    if (round > 0) rates.ours.push(one)
    if (round > 0) rates.peer.push(other)
  }
  const [mine = 0, theirs = 0] = [percentile(rates.ours, 0.5), percentile(rates.peer, 0.5)]
  return { name: `api ${name}`, ours: mine, peer: theirs, peerName: "fastify + pg", ratio: mine / theirs, unit: "requests/s" }
}

const measure = Effect.gen(function* () {
  const postgres = yield* startPostgresServer
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-bench-api-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const vigil = fileURLToPath(new URL("../../packages/cli/bin/vigil.js", import.meta.url))
  const { setup, url } = Announced(
    yield* runProgram("vigil up", vigil, ["up", "--json"], {
      VIGIL_DATA: folder,
      VIGIL_DATABASE_URL: postgres.url,
      VIGIL_PORT: "0",
      VIGIL_REQUESTS_PER_MINUTE: "10000000"
    })
  )
  const peer = yield* runProgram("the peer", fileURLToPath(new URL("http/FastifyPeer.js", import.meta.url)), [postgres.url], {})
  const token = new URL(setup).searchParams.get("token")
  return yield* Effect.promise(async () => {
    const { cookie } = await ask(url, "", { method: "POST", path: "/api/v1/setup", body: { token, ...credentials } })
    const camera = { name: "Camera 1", url: "rtsp://192.0.2.7/1", enabled: false }
    await ask(url, cookie, { method: "POST", path: "/api/v1/cameras", body: camera })
    const ids = await fill(postgres.url)
    await settled(url, cookie)
    let turn = 0
    const patch = (root: string) => (): Question => {
      turn++
      return { method: "PATCH", path: `${root}/${ids[turn % ids.length] ?? ""}`, body: { name: `Camera ${turn}` } }
    }
    const read = (root: string) => (): Question => ({ method: "GET", path: `${root}?limit=100` })
    const login = (path: string) => (): Question => ({ method: "POST", path, body: credentials })
    const ours = [url, cookie] as const
    return [
      await compare("read", ours, peer, [read("/api/v1/cameras"), read("/cameras")]),
      await compare("write", ours, peer, [patch("/api/v1/cameras"), patch("/cameras")]),
      await compare("login", ours, peer, [login("/api/v1/session"), login("/session")])
    ]
  })
}).pipe(Effect.scoped)

/**
 * Requests a second of `vigil up` over PostgreSQL: a page of 100 of 6000 cameras, a change of one camera, a sign-in, each with authentication, row-level
 * security, audit and checked answers, while the process runs the 6000 cameras; beside nothing but fastify and pg with the same statements, which checks passwords
 * against the same hashes.
 */
export const api: Benchmark = {
  name: "api",
  run: async () => {
    const results = await runToEnd(measure)
    process.stderr.write(`api: ${rounds} rounds of ${roundSeconds} s, ${clients} clients; load ${loadavg()[0]?.toFixed(1)}\n`)
    return results
  }
}
