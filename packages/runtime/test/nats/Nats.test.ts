import { rm, writeFile } from "node:fs/promises"
import { describe, expect, it } from "@effect/vitest"
import { hasNatsServer, type NatsServer, type NatsServerOptions, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { Nats } from "@vigil/runtime/nats/Nats"
import { natsHealth } from "@vigil/runtime/nats/NatsHealth"
import { connecting, type NatsSettings } from "@vigil/runtime/nats/NatsSettings"
import { Cause, ConfigProvider, Context, Effect, Either, Exit, Layer, Redacted, Schedule, Scope } from "effect"
import * as fc from "effect/FastCheck"

const open = (settings: NatsSettings) => Effect.map(Layer.build(Nats.layer(settings)), Context.get(Nats))

const eventually = (what: string, condition: () => boolean) =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.fail(new Error(`never: ${what}`)))).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 3000 })
  )

const password = "s3cret-pass@word"
const passwordAccess = { _tag: "Password", user: "node", password } as const

type Access = readonly [name: string, options: NatsServerOptions, settings: (server: NatsServer) => Partial<NatsSettings>]

const allowed: ReadonlyArray<Access> = [
  ["without any", {}, () => ({})],
  ["user and password", { access: passwordAccess }, () => ({ user: "node", password: Redacted.make(password) })],
  [
    "user information in the address",
    { access: passwordAccess },
    ({ port }) => ({ url: `nats://node:${encodeURIComponent(password)}@127.0.0.1:${port}` })
  ],
  ["an NKey", { access: { _tag: "NKey" } }, ({ files }) => ({ nkey: files.nkey })],
  ["a credentials file", { access: { _tag: "Credentials" } }, ({ files }) => ({ credentials: files.credentials })],
  ["TLS", { tls: "server" }, ({ files }) => ({ tls: { ca: files.certificate } })],
  ["TLS by name", { tls: "server" }, ({ files, port }) => ({ url: `tls://localhost:${port}`, tls: { ca: files.certificate } })],
  [
    "a client's certificate",
    { tls: "mutual" },
    ({ files }) => ({ tls: { ca: files.certificate, cert: files.certificate, key: files.key } })
  ]
]

type Refusal = readonly [...Access, message: RegExp]

const refused: ReadonlyArray<Refusal> = [
  [
    "a wrong password",
    { access: passwordAccess },
    () => ({ user: "node", password: Redacted.make("s3cret") }),
    /refused the credentials: check VIGIL_NATS_USER/
  ],
  ["no password", { access: passwordAccess }, () => ({}), /refused the credentials/],
  [
    "an NKey of somebody else",
    { access: { _tag: "NKey" } },
    ({ files }) => ({ nkey: files.certificate }),
    /server\.pem does not hold an NKey seed/
  ],
  [
    "credentials of nobody",
    { access: { _tag: "Credentials" } },
    ({ files }) => ({ credentials: files.key }),
    /server\.key does not hold a credentials file/
  ],
  [
    "a file that is absent",
    {},
    () => ({ credentials: "/nowhere/at.all" }),
    /VIGIL_NATS_CREDENTIALS: \/nowhere\/at\.all cannot be read/
  ],
  ["two ways at once", {}, ({ files }) => ({ user: "a", nkey: files.nkey }), /more than one way to authenticate/],
  [
    "a certificate nobody trusts",
    { tls: "server" },
    () => ({}),
    /TLS failed \(DEPTH_ZERO_SELF_SIGNED_CERT\): check VIGIL_NATS_TLS_CA/
  ],
  ["TLS that the server does not speak", {}, ({ port }) => ({ url: `tls://127.0.0.1:${port}` }), /TLS failed/],
  ["no certificate of one's own", { tls: "mutual" }, ({ files }) => ({ tls: { ca: files.certificate } }), /VIGIL_NATS_TLS_CERT/],
  ["half a certificate", {}, ({ files }) => ({ tls: { cert: files.certificate } }), /go together/],
  [
    "nobody there",
    {},
    () => ({ url: "nats://node:s3cret@127.0.0.1:1", startTimeout: 300 }),
    /127\.0\.0\.1:1: connection refused: check that nats-server runs there/
  ],
  ["a name nobody has", {}, () => ({ url: "nats://nowhere.invalid:1", startTimeout: 0 }), /ENOTFOUND/],
  ["another scheme", {}, () => ({ url: "http://node:s3cret@127.0.0.1:1" }), /expected an address such as/],
  ["no address", {}, () => ({ url: " " }), /set VIGIL_NATS_URL/],
  ["a cluster's name with dots", {}, () => ({ cluster: "a.b" }), /the cluster's name "a\.b"/]
]

describe.skipIf(!hasNatsServer)("Nats [needs nats-server]", () => {
  for (const [name, options, settings] of allowed) {
    it.scopedLive(`connects with ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* startNatsServer(options)
        const { connection, subject } = yield* open({ url: server.url, cluster: "c1", ...settings(server) })
        connection.subscribe(subject("echo"), { callback: (_error, message) => void message.respond(message.data) })
        const answer = yield* Effect.promise(() => connection.request(subject("echo"), "hello"))
        expect(answer.string()).toBe("hello")
        expect(subject("camera", "a.b c", "*")).toBe("vigil.c1.camera.a=2e=b=20=c.*")
      })
    )
  }

  for (const [name, options, settings, message] of refused) {
    it.scopedLive(`says what is wrong: ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* startNatsServer(options)
        const error = yield* Effect.flip(open({ url: server.url, cluster: "c1", ...settings(server) }))
        expect(error._tag).toBe("NatsError")
        expect(error.message).toMatch(message)
        expect(error.message).not.toContain("s3cret")
      })
    )
  }

  it.scopedLive("a server that says nothing is told from one that is absent", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      yield* server.freeze
      expect((yield* Effect.flip(open({ url: server.url, cluster: "c1" }))).reason).toBe("no-answer")
    })
  )

  it.scopedLive("comes with the environment", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer({ access: passwordAccess, tls: "server" })
      const file = `${server.files.key}.password`
      yield* Effect.promise(() => writeFile(file, `${password}\n`))
      const environment = new Map([
        ["VIGIL_NATS_URL", server.url],
        ["VIGIL_CLUSTER", "north"],
        ["VIGIL_NATS_USER", "node"],
        ["VIGIL_NATS_PASSWORD_FILE", file],
        ["VIGIL_NATS_TLS_CA", server.files.certificate]
      ])
      const build = (entries: Map<string, string>) =>
        Effect.provide(Layer.build(Nats.layerConfig), Layer.setConfigProvider(ConfigProvider.fromMap(entries)))
      const nats = Context.get(yield* build(environment), Nats)
      expect([nats.cluster, nats.subject("x")]).toEqual(["north", "vigil.north.x"])
      const complaint = (entries: Map<string, string>) => Effect.map(Effect.flip(Effect.sandbox(build(entries))), Cause.pretty)
      expect(yield* complaint(new Map())).toContain("VIGIL_NATS_URL")
      expect(yield* complaint(new Map([...environment, ["VIGIL_CLUSTER", "a b"]]))).toContain("VIGIL_CLUSTER")
      // What was read is good for a reconnection, even if the file is gone by then.
      yield* Effect.promise(() => rm(file))
      yield* server.restart
      yield* eventually("connected again", () => nats.connectedFor() > 0 && !nats.connection.isClosed())
      yield* Effect.promise(() => nats.connection.flush())
    })
  )

  it.scopedLive("tells at once when the server is gone, within seconds when it is silent, and when it is back", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const nats = yield* open({ url: server.url, cluster: "c1" })
      const changes: Array<boolean> = []
      const forget = nats.onChange((connected) => changes.push(connected))
      expect(nats.connectedFor()).toBeGreaterThan(0)
      const health = natsHealth(nats).check
      expect(yield* health).toMatchObject({
        status: "pass",
        detail: expect.stringContaining(`connected to 127.0.0.1:${server.port}`)
      })
      yield* server.stop("SIGKILL")
      yield* eventually("gone", () => changes.length === 1)
      expect((yield* health).status).toBe("warn")
      expect(nats.connectedFor()).toBe(0)
      yield* Effect.sleep("1 second")
      yield* server.start
      yield* eventually("back", () => changes.length === 2)
      expect(nats.connectedFor()).toBeGreaterThan(0)
      yield* server.freeze
      yield* eventually("silent", () => changes.length === 3)
      yield* server.thaw
      yield* eventually("back", () => changes.length === 4)
      expect(changes).toEqual([false, true, false, true])
      forget()
      yield* server.restart
      yield* eventually("back once more", () => nats.connectedFor() > 0)
      yield* Effect.promise(() => nats.connection.flush())
      expect(changes.length).toBe(4)
    })
  )

  it.scopedLive("goes to another server when its own is silent, with much still to send too", () =>
    Effect.gen(function* () {
      const first = yield* startNatsServer()
      const second = yield* startNatsServer()
      const nats = yield* open({ url: `${first.url},${second.url}`, cluster: "c1" })
      const [own, other] = nats.connection.getServer() === `127.0.0.1:${first.port}` ? [first, second] : [second, first]
      yield* own.freeze
      for (let n = 0; n < 30; n++) nats.connection.publish("bulk", new Uint8Array(1_000_000))
      yield* eventually("moved", () => nats.connection.getServer() === `127.0.0.1:${other.port}` && nats.connectedFor() > 0)
    })
  )

  it.scopedLive("what was published reaches the server before the end; a silent one does not hold the end up", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const listener = yield* open({ url: server.url, cluster: "c1" })
      let received = 0
      listener.connection.subscribe("last", { callback: () => void received++ })
      yield* Effect.promise(() => listener.connection.flush())
      const scope = yield* Scope.make()
      const nats = yield* open({ url: server.url, cluster: "c1" }).pipe(Scope.extend(scope))
      for (let n = 0; n < 1000; n++) nats.connection.publish("last", new Uint8Array(1000))
      yield* Scope.close(scope, Exit.void)
      expect(nats.connection.isClosed()).toBe(true)
      yield* eventually("all received", () => received === 1000)

      const silent = yield* Scope.make()
      yield* open({ url: server.url, cluster: "c1" }).pipe(Scope.extend(silent))
      yield* server.freeze
      yield* Scope.close(silent, Exit.void).pipe(Effect.timeout("30 seconds"))
      yield* server.thaw
    })
  )
})

describe("NatsSettings", () => {
  it("no text of an address shows a password, also of one that is wrong", () => {
    const secret = fc.string({ minLength: 6, maxLength: 20 }).map((text) => `S3CRET${text}`)
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom("nats://", "tls://", "http://", "", "nats:/", "://"),
        fc.string({ maxLength: 20 }),
        fc.constantFrom("@", ""),
        (pass, scheme, host, at) => {
          const result = connecting({ url: `${scheme}user:${pass}${at}${host}`, cluster: "c1" })
          const shown = Either.isLeft(result) ? result.left.message : result.right.servers
          expect(shown).not.toContain("S3CRET")
        }
      )
    )
  })
})
