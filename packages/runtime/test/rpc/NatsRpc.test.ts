import { describe, expect, it } from "@effect/vitest"
import { RpcClientError } from "@effect/rpc"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { Chunk, Effect, Exit, Fiber, Redacted, Stream } from "effect"
import { clientOf, connectTo, eventually, makeWitness, pattern, Refusal, serve, sumOf } from "./TestCalls.js"

const subject = "vigil.test.node.one"

/** A server and a client, each with a connection of its own. */
const pair = (options: { readonly maxPayload?: number } = {}) =>
  Effect.gen(function* () {
    const server = yield* startNatsServer(options)
    const settings = { url: server.url, cluster: "test" }
    const witness = makeWitness()
    const serverNats = yield* connectTo(settings)
    const clientNats = yield* connectTo(settings)
    yield* serve(serverNats, witness, { subject })
    const client = yield* clientOf(clientNats, { subject })
    return { server, settings, witness, serverNats, clientNats, client }
  })

describe.skipIf(!hasNatsServer)("RPC over NATS [needs nats-server]", () => {
  it.scopedLive("answers calls, in parallel too, and passes typed errors on", () =>
    Effect.gen(function* () {
      const { client } = yield* pair()
      expect(yield* client.Echo({ text: "hello", n: 1 })).toBe("hello 1")
      const many = yield* Effect.forEach(
        Array.from({ length: 500 }, (_, n) => n),
        (n) => client.Echo({ text: "x", n }),
        {
          concurrency: "unbounded"
        }
      )
      expect(many).toEqual(Array.from({ length: 500 }, (_, n) => `x ${n}`))
      expect(yield* Effect.flip(client.Refuse({ detail: "no" }))).toEqual(new Refusal({ detail: "no" }))
    })
  )

  it.scopedLive("streams, and makes no more than the client takes", () =>
    Effect.gen(function* () {
      const { client, witness } = yield* pair()
      const all = yield* Stream.runCollect(client.Count({ to: 1000, chunk: 16 }))
      expect(Chunk.toReadonlyArray(all)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1))
      witness.made = 0
      const some = yield* client.Count({ to: 100_000, chunk: 8 }, { streamBufferSize: 8 }).pipe(Stream.take(3), Stream.runCollect)
      expect(Chunk.toReadonlyArray(some)).toEqual([1, 2, 3])
      yield* Effect.sleep("200 millis")
      expect(witness.made).toBeLessThan(100)
    })
  )

  it.scopedLive("an interrupt reaches the server, of a call and of a stream", () =>
    Effect.gen(function* () {
      const { client, witness } = yield* pair()
      const call = yield* Effect.fork(client.Wait({ id: "call" }))
      yield* eventually("begun", () => witness.begun.has("call"))
      yield* Fiber.interrupt(call)
      yield* eventually("interrupted", () => witness.interrupted.has("call"))
      yield* client.Trickle({ id: "stream" }).pipe(Stream.take(1), Stream.runDrain)
      yield* eventually("interrupted", () => witness.interrupted.has("stream"))
    })
  )

  for (const maxPayload of [1024, 65_536, 1_048_576]) {
    it.scopedLive(`carries messages longer than NATS's ${maxPayload} bytes both ways`, () =>
      Effect.gen(function* () {
        const { client } = yield* pair({ maxPayload })
        for (const length of [maxPayload - 200, maxPayload - 30, maxPayload, maxPayload + 1, maxPayload * 3 + 17]) {
          const bytes = pattern(length)
          expect(yield* client.Upload({ bytes })).toEqual({ length, sum: sumOf(bytes) })
          expect(Buffer.compare(yield* client.Download({ bytes: length }), bytes)).toBe(0)
        }
      })
    )
  }

  it.scopedLive("needs no rights but those for the cluster's subjects and inboxes", () =>
    Effect.gen(function* () {
      const rights = (allowed: string) => `{ publish: [${allowed}], subscribe: [${allowed}] }`
      const server = yield* startNatsServer({
        configuration: `authorization { users: [
          { user: "node", password: "p", permissions: ${rights('"vigil.test.>", "_INBOX.>"')} },
          { user: "other", password: "p", permissions: ${rights('"vigil.other.>", "_INBOX.>"')} }
        ] }`
      })
      const settings = { url: server.url, cluster: "test", password: Redacted.make("p") }
      const nats = yield* connectTo({ ...settings, user: "node" })
      yield* serve(nats, makeWitness(), { subject })
      const client = yield* clientOf(yield* connectTo({ ...settings, user: "node" }), { subject })
      const bytes = pattern(3_000_000)
      expect(yield* client.Upload({ bytes })).toEqual({ length: bytes.length, sum: sumOf(bytes) })
      const stranger = yield* clientOf(yield* connectTo({ ...settings, user: "other" }), { subject })
      expect(String(yield* Effect.flip(stranger.Echo({ text: "x", n: 1 })))).toContain("no answer within")
      expect(yield* client.Echo({ text: "x", n: 1 })).toBe("x 1")
    })
  )

  it.scopedLive("a message over the limit fails its own call and no other", () =>
    Effect.gen(function* () {
      const { client, witness } = yield* pair()
      const other = yield* Effect.fork(client.Wait({ id: "other" }))
      yield* eventually("begun", () => witness.begun.has("other"))
      const up = yield* Effect.flip(client.Upload({ bytes: new Uint8Array(17 * 1024 * 1024) }))
      expect(up).toBeInstanceOf(RpcClientError.RpcClientError)
      expect(up).toMatchObject({
        message: expect.stringContaining("over the limit of 16777216"),
        cause: { _tag: "MessageTooLarge" }
      })
      const down = yield* Effect.exit(client.Download({ bytes: 17 * 1024 * 1024 }))
      expect(Exit.isFailure(down) && String(down.cause)).toContain("over the limit of 16777216")
      expect(yield* client.Echo({ text: "still", n: 1 })).toBe("still 1")
      expect(other.unsafePoll()).toBeNull()
    })
  )
})
