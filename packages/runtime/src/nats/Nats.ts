import { Socket } from "node:net"
import { type ConfigError, Context, Duration, Effect, Layer, Metric, Runtime, Schedule, type Scope } from "effect"
import { connect, DebugEvents, Events, type NatsConnection } from "nats"
import { connectError, type NatsError } from "./NatsError.js"
import { type ConnectOptions, connecting, type NatsSettings, natsSettings } from "./NatsSettings.js"

/**
 * The node's connection to NATS. It reconnects by itself for ever. What is published while it is down is lost, as is what others publish meanwhile:
 * whoever must not lose anything uses JetStream's acknowledgements. Callbacks of subscriptions must not throw: that would end the reading of the connection.
 */
export class Nats extends Context.Tag("@vigil/runtime/Nats")<
  Nats,
  {
    readonly connection: NatsConnection
    /** The cluster's name. */
    readonly cluster: string
    /**
     * A name below the cluster's own prefix, `vigil.<cluster>.`, so that several clusters can share a server. Each argument becomes one token, with what NATS does not
     * allow in a token written as `=` and its code (also the dot); `*` and `>` alone stay wildcards.
     */
    readonly subject: (...tokens: ReadonlyArray<string>) => string
    /** Milliseconds since the connection was made or made again, 0 while it is down: right after that, others may still be missing. */
    readonly connectedFor: () => number
    /** Calls with false as soon as the connection is lost or its server is silent, with true when it is back; until the function returned is called. */
    readonly onChange: (listener: (connected: boolean) => void) => () => void
  }
>() {
  /** Connects; fails when nobody answers within the settings' `startTimeout`, or at once when the server refuses. Drained at the end. */
  static readonly layer = (settings: NatsSettings): Layer.Layer<Nats, NatsError> => Layer.scoped(Nats, make(settings))

  /** As the environment says, see {@link natsSettings}. */
  static readonly layerConfig: Layer.Layer<Nats, NatsError | ConfigError.ConfigError> = Layer.unwrapEffect(
    Effect.map(natsSettings(), Nats.layer)
  )
}

/** A silent server is noticed within (maxPingOut + 1) intervals, a lost one at once. */
const liveness = { pingInterval: 1000, maxPingOut: 2, timeout: 3000 } as const

const persistence = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
  reconnectJitter: 150,
  reconnectJitterTLS: 150,
  // Credentials that are refused now may be right again after the server's configuration was mended.
  ignoreAuthErrorAbort: true
} as const

const up = Metric.gauge("vigil_nats_connected", { description: "1 while this process is connected to NATS, else 0" })
const losses = Metric.counter("vigil_nats_connections_lost", {
  description: "Connections to NATS that were lost",
  incremental: true
})

const drainLimit = Duration.seconds(3)

const make = (settings: NatsSettings): Effect.Effect<typeof Nats.Service, NatsError, Scope.Scope> =>
  Effect.gen(function* () {
    const plan = yield* connecting(settings)
    const connection = yield* Effect.uninterruptibleMask((restore) =>
      Effect.tap(restore(firstConnection(plan, settings.startTimeout ?? 5000)), (opened) =>
        Effect.addFinalizer(() => close(opened))
      )
    )
    const { connectedFor, onChange } = yield* watch(connection, plan.servers)
    return {
      connection,
      cluster: settings.cluster,
      subject: (...tokens) => ["vigil", settings.cluster, ...tokens.map(subjectToken)].join("."),
      connectedFor,
      onChange
    }
  })

const subjectToken = (text: string): string =>
  text === "*" || text === ">"
    ? text
    : text === ""
      ? "="
      : text.replace(/[^A-Za-z0-9_-]/gu, (character) => `=${character.codePointAt(0)?.toString(16)}=`)

/** Tries once; a connection that comes after nobody waits for it any more is closed. */
const tryToConnect = ({ options, servers }: ConnectOptions): Effect.Effect<NatsConnection, NatsError> =>
  Effect.async((resume) => {
    let isWanted = true
    connect({ ...options, ...liveness, ...persistence }).then(
      (connection) => (isWanted ? resume(Effect.succeed(connection)) : void connection.close()),
      (error: unknown) => resume(Effect.fail(connectError(servers, error)))
    )
    return Effect.sync(() => {
      isWanted = false
    })
  })

const waits = Schedule.exponential("250 millis", 1.5).pipe(Schedule.union(Schedule.spaced("5 seconds")))

/** Milliseconds between words to those who wait. */
const tellEvery = 10_000

/** Asks again while nobody is there, and says so: a node and its NATS server are often started together. */
const firstConnection = (plan: ConnectOptions, startTimeout: number): Effect.Effect<NatsConnection, NatsError> =>
  Effect.suspend(() => {
    const begun = performance.now()
    const passed = () => performance.now() - begun
    const isWorthwhile = ({ reason }: NatsError) => reason === "unreachable" && passed() < startTimeout
    let tellAt = 0

    const tell = (error: NatsError) =>
      Effect.suspend(() => {
        if (!isWorthwhile(error) || passed() < tellAt) return Effect.void
        tellAt = passed() + tellEvery
        return Effect.logWarning(`${error.message}; waiting for it, ${Math.ceil((startTimeout - passed()) / 1000)} s at the most`)
      })

    return tryToConnect(plan).pipe(
      Effect.tapError(tell),
      Effect.retry({ schedule: waits, while: isWorthwhile }),
      Effect.tap(() => (tellAt > 0 ? Effect.logInfo(`NATS ${plan.servers}: connected`) : Effect.void))
    )
  })

const close = (connection: NatsConnection): Effect.Effect<void> =>
  Effect.promise(async () => {
    if (connection.isClosed()) return
    // Nothing leaves a connection that is down, and its drain would wait for a server to come.
    const limit = new Promise<void>((resolve) => setTimeout(resolve, Duration.toMillis(drainLimit)).unref())
    if (!connection.isDraining()) await Promise.race([connection.drain(), limit])
    await connection.close()
  })

const watch = (
  connection: NatsConnection,
  servers: string
): Effect.Effect<Pick<typeof Nats.Service, "connectedFor" | "onChange">, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Runtime.runFork(yield* Effect.runtime())
    const listeners = new Set<(connected: boolean) => void>()
    let since: number | undefined = performance.now()
    up.unsafeUpdate(1, [])
    const change = (connected: boolean): void => {
      if (connected === (since !== undefined)) return
      since = connected ? performance.now() : undefined
      up.unsafeUpdate(connected ? 1 : 0, [])
      if (!connected) losses.unsafeUpdate(1, [])
      run(connected ? Effect.logInfo(`NATS ${servers}: connected again`) : Effect.logWarning(`NATS ${servers}: connection lost`))
      for (const listener of listeners) listener(connected)
    }
    yield* Effect.forkScoped(
      Effect.promise(async () => {
        for await (const { type } of connection.status()) {
          if (type === Events.Reconnect) change(true)
          else if (type === Events.Disconnect) change(false)
          else if (type === DebugEvents.StaleConnection) {
            change(false)
            destroySocket(connection)
          }
        }
      })
    )
    return {
      connectedFor: () => (since === undefined ? 0 : performance.now() - since),
      onChange: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      }
    }
  })

/**
 * The client (2.29) leaves a silent server only after everything written has gone out, which never happens when the server has stopped reading: it would not go to
 * another server meanwhile. Its socket is not public, so that every step is looked at.
 */
const destroySocket = (connection: object): void => {
  const protocol = fieldOf(connection, "protocol")
  const socket = fieldOf(fieldOf(protocol, "transport"), "socket")
  if (socket instanceof Socket) socket.destroy()
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
