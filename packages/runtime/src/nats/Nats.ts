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
    const connection = yield* Effect.acquireRelease(firstConnection(plan, settings.startTimeout ?? 5000), close)
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

/** Asks again while nobody is there: a node and its NATS server are often started together. */
const firstConnection = (
  { options, servers }: ConnectOptions,
  startTimeout: number
): Effect.Effect<NatsConnection, NatsError> => {
  const deadline = Date.now() + startTimeout
  return Effect.tryPromise({
    try: () => connect({ ...options, ...liveness, ...persistence }),
    catch: (error) => connectError(servers, error)
  }).pipe(
    Effect.retry({
      while: ({ reason }) => reason === "unreachable" && Date.now() < deadline,
      schedule: Schedule.spaced("250 millis")
    }),
    Effect.uninterruptible
  )
}

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
