import { spawn } from "node:child_process"
import { describe, expect, it } from "@effect/vitest"
import { RpcClientError } from "@effect/rpc"
import { startNetworkProxy } from "@vigil/fixtures/network/NetworkProxy"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import type { SessionTiming } from "@vigil/runtime/rpc/SessionTiming"
import { type Duration, Effect, Exit, Fiber, Scope } from "effect"
import { clientOf, connectTo, eventually, makeWitness, pattern, serve } from "./TestCalls.js"

const subject = "vigil.test.node.one"

/** Quicker than in life, so that the tests are. */
const timing = { ping: 100, silence: 800, connect: 1500, settle: 300 }

/** With this, nothing is noticed by silence: either somebody says it, or the test fails. */
const patient = { ...timing, silence: 60_000 }

const failsWith = (call: Effect.Effect<unknown, unknown>, text: RegExp, within: Duration.DurationInput = "60 seconds") =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(call).pipe(
      Effect.timeoutFail({ duration: within, onTimeout: () => new Error("the call hangs") })
    )
    expect(error).toBeInstanceOf(RpcClientError.RpcClientError)
    expect(String(error)).toMatch(text)
  })

/** A server and a client with connections of their own, each through a proxy. */
const pair = (timing: SessionTiming, clientTiming = timing) =>
  Effect.gen(function* () {
    const server = yield* startNatsServer()
    const settings = { url: server.url, cluster: "test" }
    const target = { host: "127.0.0.1", port: server.port }
    const serverProxy = yield* startNetworkProxy({ target })
    const clientProxy = yield* startNetworkProxy({ target })
    const witness = makeWitness()
    const serverNats = yield* connectTo({ ...settings, url: `127.0.0.1:${serverProxy.port}` })
    const clientNats = yield* connectTo({ ...settings, url: `127.0.0.1:${clientProxy.port}` })
    yield* serve(serverNats, witness, { subject, timing })
    const client = yield* clientOf(clientNats, { subject, timing: clientTiming })
    /** A call under way at the server. */
    const waiting = (id: string) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(client.Wait({ id }))
        yield* eventually("begun", () => witness.begun.has(id))
        return fiber
      })
    const works = client.Echo({ text: "works", n: 1 }).pipe(Effect.retry({ times: 20 }), Effect.timeout("60 seconds"))
    return { server, settings, serverProxy, clientProxy, witness, serverNats, clientNats, client, waiting, works }
  })

describe.skipIf(!hasNatsServer)("RPC over NATS when something fails [needs nats-server]", { concurrent: true }, () => {
  it.scopedLive("nobody is there: the call fails at once, and works when somebody is", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const nats = yield* connectTo({ url: server.url, cluster: "test" })
      const client = yield* clientOf(nats, { subject, timing })
      yield* Effect.sleep(timing.settle)
      yield* failsWith(client.Echo({ text: "x", n: 1 }), /nobody is there/, "1 second")
      yield* serve(yield* connectTo({ url: server.url, cluster: "test" }), makeWitness(), { subject, timing })
      expect(yield* client.Echo({ text: "x", n: 1 })).toBe("x 1")
    })
  )

  it.scopedLive("right after the connection was made, a call waits for the others to come", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const later = yield* connectTo(settings)
      const client = yield* clientOf(yield* connectTo(settings), { subject, timing: { ...timing, settle: 5000, connect: 5000 } })
      const call = yield* Effect.fork(client.Echo({ text: "x", n: 1 }))
      yield* Effect.sleep("400 millis")
      yield* serve(later, makeWitness(), { subject, timing })
      expect(yield* Fiber.join(call)).toBe("x 1")
    })
  )

  it.scopedLive("the server's process is killed in the middle of a call, or stands still", () =>
    Effect.gen(function* () {
      const { server, settings, clientNats } = yield* pair(timing)
      for (const [signal, reason, noticed] of [
        ["SIGKILL", /the node is gone/, patient],
        ["SIGSTOP", /no sign of life/, timing]
      ] as const) {
        const other = `${subject}.${signal.toLowerCase()}`
        const node = yield* startNode(settings.url, other)
        const client = yield* clientOf(clientNats, { subject: other, timing: noticed })
        const call = yield* Effect.fork(client.Wait({ id: "x" }))
        expect(yield* client.Echo({ text: "lives", n: 1 })).toBe("lives 1")
        node.kill(signal)
        yield* failsWith(Fiber.join(call), reason)
        yield* failsWith(client.Echo({ text: "x", n: 1 }), signal === "SIGKILL" ? /nobody is there/ : /no answer within/)
      }
      expect(server.port).toBeGreaterThan(0)
    })
  )

  it.scopedLive("the server is replaced by another: calls under way fail, the next one reaches the new one", () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer()
      const settings = { url: server.url, cluster: "test" }
      const client = yield* clientOf(yield* connectTo(settings), { subject, timing })
      const first = yield* Scope.make()
      const witness = makeWitness()
      yield* serve(yield* connectTo(settings), witness, { subject, timing }).pipe(Scope.extend(first))
      const call = yield* Effect.fork(client.Wait({ id: "old" }))
      yield* eventually("begun", () => witness.begun.has("old"))
      yield* Scope.close(first, Exit.void)
      const exit = yield* Fiber.await(call)
      expect(Exit.isFailure(exit)).toBe(true)
      expect(witness.interrupted.has("old")).toBe(true)
      yield* serve(yield* connectTo(settings), makeWitness(), { subject, timing })
      expect(yield* client.Echo({ text: "new", n: 1 }).pipe(Effect.retry({ times: 5 }))).toBe("new 1")
    })
  )

  it.scopedLive("a client that closes or dies has its calls interrupted", () =>
    Effect.gen(function* () {
      const { settings, clientProxy, serverNats, waiting, witness } = yield* pair(patient)
      const scope = yield* Scope.make()
      const closing = yield* clientOf(yield* connectTo(settings), { subject, timing: patient }).pipe(Scope.extend(scope))
      yield* Effect.fork(closing.Wait({ id: "closed" }))
      yield* eventually("begun", () => witness.begun.has("closed"))
      yield* Scope.close(scope, Exit.void)
      yield* eventually("interrupted", () => witness.interrupted.has("closed"))
      yield* waiting("died")
      clientProxy.setFaults({ refuse: true })
      clientProxy.killAll("reset")
      yield* eventually("interrupted", () => witness.interrupted.has("died"))
      expect(serverNats.connection.isClosed()).toBe(false)
    })
  )

  it.scopedLive("a client that falls silent has its calls interrupted", () =>
    Effect.gen(function* () {
      const { clientProxy, waiting, witness } = yield* pair(timing)
      yield* waiting("silent")
      clientProxy.setFaults({ blackhole: true })
      yield* eventually("interrupted", () => witness.interrupted.has("silent"))
    })
  )

  it.scopedLive("the server loses NATS for a moment: its answers may be lost, so calls fail and do not hang", () =>
    Effect.gen(function* () {
      // The client's next sign of life comes when the server is long back.
      const { serverProxy, waiting, witness, works } = yield* pair(patient, { ...patient, ping: 1500 })
      const call = yield* waiting("x")
      serverProxy.killAll("reset")
      yield* failsWith(Fiber.join(call), /the node is gone|ended this session/)
      yield* eventually("interrupted", () => witness.interrupted.has("x"))
      expect(yield* works).toBe("works 1")
    })
  )

  it.scopedLive("the client loses NATS for a moment: calls under way fail at once, later ones work", () =>
    Effect.gen(function* () {
      const { clientProxy, waiting, witness, works } = yield* pair(patient)
      const call = yield* waiting("x")
      clientProxy.killAll("reset")
      yield* failsWith(Fiber.join(call), /connection to NATS was lost/)
      yield* eventually("interrupted", () => witness.interrupted.has("x"))
      expect(yield* works).toBe("works 1")
    })
  )

  it.scopedLive("NATS is restarted, and stands still", () =>
    Effect.gen(function* () {
      const { server, waiting, works } = yield* pair(timing)
      const call = yield* waiting("restart")
      yield* server.restart
      yield* failsWith(Fiber.join(call), /connection to NATS was lost/)
      expect(yield* works).toBe("works 1")
      const second = yield* waiting("freeze")
      yield* server.freeze
      yield* failsWith(Fiber.join(second), /no sign of life|connection to NATS was lost/)
      yield* server.thaw
      expect(yield* works).toBe("works 1")
    })
  )

  it.scopedLive("without NATS a call says so", () =>
    Effect.gen(function* () {
      const { client, server, works } = yield* pair(timing)
      yield* server.stop()
      yield* failsWith(client.Echo({ text: "x", n: 1 }), /there is no connection to NATS/)
      yield* server.start
      expect(yield* works).toBe("works 1")
    })
  )

  it.scopedLive("the network breaks in the middle of a long message, either way", () =>
    Effect.gen(function* () {
      const { client, clientProxy, serverProxy, works } = yield* pair(patient)
      for (const proxy of [clientProxy, serverProxy]) {
        expect(yield* works).toBe("works 1")
        proxy.setFaults({ bandwidth: 20_000_000 })
        const up = yield* Effect.fork(client.Upload({ bytes: pattern(6_000_000) }))
        const down = yield* Effect.fork(client.Download({ bytes: 6_000_000 }))
        yield* Effect.sleep("300 millis")
        proxy.killAll("reset")
        yield* failsWith(Fiber.join(up), /RpcClientError/)
        yield* failsWith(Fiber.join(down), /RpcClientError/)
        proxy.setFaults({})
      }
      expect(yield* works).toBe("works 1")
    })
  )
})

/** A server in a process of its own. */
const startNode = (url: string, own: string) =>
  Effect.gen(function* () {
    const script = `
      import { Rpc, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
      import { Nats } from "@vigil/runtime/nats/Nats"
      import { layerServerProtocol } from "@vigil/runtime/rpc/NatsRpcServer"
      import { Effect, Layer, Schema } from "effect"
      const Calls = RpcGroup.make(
        Rpc.make("Echo", { payload: { text: Schema.String, n: Schema.Int }, success: Schema.String }),
        Rpc.make("Wait", { payload: { id: Schema.String }, success: Schema.Void })
      )
      const handlers = Calls.toLayer({ Echo: ({ text, n }) => Effect.succeed(text + " " + n), Wait: () => Effect.never })
      const layer = RpcServer.layer(Calls).pipe(
        Layer.provide(handlers), Layer.provide(layerServerProtocol({ subject: ${JSON.stringify(own)} })),
        Layer.provide(RpcSerialization.layerMsgPack), Layer.provide(Nats.layer({ url: ${JSON.stringify(url)}, cluster: "test" })),
        Layer.tap(() => Effect.sync(() => console.log("ready"))))
      Effect.runFork(Layer.launch(layer))`
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] })),
      (running) =>
        Effect.async<void>((resume) => {
          if (running.exitCode !== null || running.signalCode !== null) return resume(Effect.void)
          running.once("exit", () => resume(Effect.void))
          running.kill("SIGKILL")
        })
    )
    yield* Effect.async<void>((resume) => void child.stdout.once("data", () => resume(Effect.void)))
    return child
  })
