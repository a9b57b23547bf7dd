import { randomBytes, randomInt } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { RpcSerialization } from "@effect/rpc"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { decodeFrame, encodeFrame } from "@vigil/runtime/rpc/Frame"
import { Effect, Exit, Schedule, Schema } from "effect"
import { createInbox, type NatsConnection } from "nats"
import { clientOf, connectTo, eventually, makeWitness, serve } from "./TestCalls.js"

const subject = "vigil.test.node.one"
const timing = { ping: 100, silence: 800, connect: 1500, settle: 300 }

/** What no honest peer sends, in the frame of one; some of it about the call `id`. */
const wickedBodies = (id = "1"): ReadonlyArray<Uint8Array> => {
  const { encode } = RpcSerialization.msgPack.unsafeMake()
  const message = (value: unknown) => {
    const bytes = encode(value)
    return typeof bytes === "string" || bytes === undefined ? new Uint8Array() : bytes
  }
  return [
    new Uint8Array(),
    Uint8Array.of(0xc1),
    // An array and a map of 2^32-1 elements that do not follow, and a thousand arrays within one another.
    Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff),
    new Uint8Array(100_000).fill(0x91),
    message(null),
    message(7),
    message([]),
    message({ _tag: "Nonsense" }),
    message({ _tag: "Request" }),
    message({ _tag: "Request", id, tag: "__proto__", payload: {}, headers: [] }),
    message({ _tag: "Request", id, tag: "Echo", payload: { n: "x" }, headers: [] }),
    message({ _tag: "Request", id: "9".repeat(5000), tag: "Echo", payload: {}, headers: [] }),
    message({ _tag: "Request", id, tag: "Echo", payload: {}, headers: 5 }),
    message({ _tag: "Request", id: "2", tag: "Echo", payload: { text: "a", n: 1 }, headers: [["x", 1]] }),
    message({ _tag: "Ack", requestId: "x" }),
    message({ _tag: "Interrupt", requestId: -1 }),
    message({ _tag: "Exit", requestId: id, exit: 5 }),
    message({ _tag: "Exit", requestId: id, exit: { _tag: "What" } }),
    message({ _tag: "Chunk", requestId: id, values: [] })
  ]
}

/** Bytes without sense, half-sensible frames, and frames that claim too much. */
const wickedMessages = (): ReadonlyArray<Uint8Array> => {
  const noise = Array.from({ length: 60 }, () => randomBytes(randomInt(0, 400)))
  const signed = noise.map((bytes) => Buffer.concat([Buffer.of(0xb1, randomInt(0, 12)), bytes]))
  const frames = wickedBodies().flatMap((body) => [0, 1, 2, 3].map((sequence) => encodeFrame({ _tag: "Whole", sequence, body })))
  const claims = [0, 1, 2].map((sequence) =>
    encodeFrame({ _tag: "Piece", sequence, total: 2 ** 32 - 1, offset: 0, body: new Uint8Array(1) })
  )
  return [...noise, ...signed, ...frames, ...claims, encodeFrame({ _tag: "Bye", reason: "x" })]
}

const isCall = Schema.is(Schema.Struct({ id: Schema.String }))

const attack = (connection: NatsConnection, subjects: ReadonlyArray<string>, replies: ReadonlyArray<string | undefined>) =>
  Effect.promise(async () => {
    for (const to of subjects) {
      for (const reply of replies) {
        for (const bytes of wickedMessages()) connection.publish(to, bytes, reply === undefined ? {} : { reply })
      }
    }
    await connection.flush()
  })

describe.skipIf(!hasNatsServer)("RPC over NATS among enemies [needs nats-server]", () => {
  it.scopedLive("bytes of any kind, at the door, to sessions and to inboxes, end no more than the session they reach", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const witness = makeWitness()
      const serverNats = yield* connectTo(settings)
      const clientNats = yield* connectTo(settings)
      yield* serve(serverNats, witness, { subject, timing })
      // Somebody who may read everything knows where the sessions are.
      const { connection: enemy } = yield* connectTo(settings)
      const seen = { sessions: new Set<string>(), inboxes: new Set<string>() }
      enemy.subscribe(`${subject}.session.>`, {
        callback: (_error, { reply, subject: to }) => {
          seen.sessions.add(to)
          if (reply !== undefined && reply !== "") seen.inboxes.add(reply)
        }
      })
      yield* Effect.promise(() => enemy.flush())
      const bystander = yield* clientOf(yield* connectTo(settings), { subject, timing })
      const waiting = yield* Effect.fork(bystander.Wait({ id: "bystander" }))
      yield* eventually("begun", () => witness.begun.has("bystander") && seen.sessions.size === 1)
      const spared = new Set([...seen.sessions, ...seen.inboxes])

      const client = yield* clientOf(clientNats, { subject, timing })
      const echo = (n: number) =>
        client.Echo({ text: "x", n }).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 50 }))
      const doors = [`${subject}.connect`, `${subject}.session.x.y`, `${subject}.session`]
      yield* attack(enemy, doors, [undefined, "_INBOX.nobody", `${subject}.connect`])
      expect(yield* echo(0)).toBe("x 0")
      for (let round = 1; round <= 3; round++) {
        expect(yield* echo(round)).toBe(`x ${round}`)
        yield* Effect.promise(() => enemy.flush())
        const sessions = [...seen.sessions].filter((name) => !spared.has(name))
        const inboxes = [...seen.inboxes].filter((name) => !spared.has(name))
        expect(sessions.length).toBeGreaterThanOrEqual(round)
        yield* attack(enemy, sessions.slice(-1), [undefined, ...inboxes.slice(-1)])
        yield* attack(enemy, inboxes.slice(-1), [undefined, ...sessions.slice(-1)])
        expect(yield* echo(-round)).toBe(`x ${-round}`)
      }
      expect(serverNats.connection.isClosed() || clientNats.connection.isClosed()).toBe(false)
      expect(waiting.unsafePoll()).toBeNull()
    })
  )

  it.scopedLive("a client that keeps to the protocol but not to its sense ends its own session at most", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const witness = makeWitness()
      yield* serve(yield* connectTo(settings), witness, { subject, timing })
      const client = yield* clientOf(yield* connectTo(settings), { subject, timing })
      const waiting = yield* Effect.fork(client.Wait({ id: "honest" }))
      yield* eventually("begun", () => witness.begun.has("honest"))
      const { connection: enemy } = yield* connectTo(settings)
      for (const body of wickedBodies()) {
        const inbox = createInbox()
        const replies = enemy.subscribe(inbox)
        enemy.publish(`${subject}.connect`, encodeFrame({ _tag: "Hello", limit: 1000 }), { reply: inbox })
        const session = yield* Effect.promise(async () => {
          for await (const { reply } of replies) if (reply !== undefined) return reply
          return ""
        })
        for (const sequence of [0, 1]) enemy.publish(session, encodeFrame({ _tag: "Whole", sequence, body }), { reply: inbox })
      }
      yield* Effect.promise(() => enemy.flush())
      expect(yield* client.Echo({ text: "x", n: 1 })).toBe("x 1")
      expect(waiting.unsafePoll()).toBeNull()
    })
  )

  it.scopedLive("a server that keeps to the protocol but not to its sense fails the call, and none hangs", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const { connection: enemy } = yield* connectTo(settings)
      const nats = yield* connectTo(settings)
      const parser = RpcSerialization.msgPack.unsafeMake()
      for (let index = 0; index < wickedBodies().length; index++) {
        const own = `${subject}.${index}`
        enemy.subscribe(`${own}.connect`, {
          callback: (_error, message) =>
            void message.respond(encodeFrame({ _tag: "Welcome", limit: 2 ** 32 - 1 }), { reply: `${own}.session.mine` })
        })
        enemy.subscribe(`${own}.session.mine`, {
          callback: (_error, message) => {
            const frame = decodeFrame(message.data)
            if (frame?._tag !== "Whole") return
            const [request] = parser.decode(frame.body)
            const body = wickedBodies(isCall(request) ? request.id : "")[index] ?? new Uint8Array()
            message.respond(encodeFrame({ _tag: "Whole", sequence: 0, body }), { reply: `${own}.session.mine` })
          }
        })
        yield* Effect.promise(() => enemy.flush())
        // Silence must not be what fails it.
        const client = yield* clientOf(nats, { subject: own, timing: { ...timing, silence: 60_000 } })
        const exit = yield* Effect.exit(client.Echo({ text: "x", n: 1 })).pipe(Effect.timeout("60 seconds"))
        expect(exit._tag).toBe("Failure")
      }
      expect(nats.connection.isClosed()).toBe(false)
    })
  )

  it.scopedLive("whoever only knocks takes no place from others for long", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      yield* serve(yield* connectTo(settings), makeWitness(), { subject, timing, sessionLimit: 5 })
      const { connection: enemy } = yield* connectTo(settings)
      const hello = encodeFrame({ _tag: "Hello", limit: 1000 })
      for (let n = 0; n < 2000; n++) enemy.publish(`${subject}.connect`, hello, { reply: `_INBOX.nobody.${n}` })
      yield* Effect.promise(() => enemy.flush())
      const client = yield* clientOf(yield* connectTo(settings), { subject, timing })
      const echo = client.Echo({ text: "x", n: 1 }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 40 }))
      expect(yield* echo).toBe("x 1")
    })
  )

  it.scopedLive("clients and calls over their limits are refused with the reason", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const witness = makeWitness()
      yield* serve(yield* connectTo(settings), witness, { subject, timing, sessionLimit: 2, callLimit: 10 })
      const nats = yield* connectTo(settings)
      const clients = yield* Effect.forEach([1, 2], () => clientOf(nats, { subject, timing }))
      yield* Effect.forEach(clients, (client) => client.Echo({ text: "x", n: 1 }))
      const third = yield* clientOf(nats, { subject, timing })
      expect(String(yield* Effect.flip(third.Echo({ text: "x", n: 1 })))).toContain("limit of 2 clients")
      const [first] = clients
      if (first === undefined) throw new Error("no client")
      const calls = Effect.forEach(
        Array.from({ length: 11 }, (_, n) => n),
        (n) => first.Wait({ id: String(n) }),
        { concurrency: "unbounded" }
      )
      const exit = yield* Effect.exit(calls)
      expect(Exit.isFailure(exit) && String(exit.cause)).toContain("more than 10 calls at a time")
      yield* eventually("interrupted", () => witness.interrupted.size === 10)
    })
  )
})
