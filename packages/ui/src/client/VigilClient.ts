import * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import type * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Cause, Context, Effect, Exit, Fiber, Layer, Logger, LogLevel, ManagedRuntime, Schedule, Stream } from "effect"
import { type Connection, closed, opened } from "./Connection.js"
import { makeStore, type Store } from "./Store.js"

type Calls = RpcClient.RpcClient<RpcGroup.Rpcs<typeof VigilRpc>, RpcClientError>

class Rpc extends Context.Tag("@vigil/ui/Rpc")<Rpc, Calls>() {
  static readonly layer = Layer.scoped(Rpc, RpcClient.make(VigilRpc))
}

interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds until the call is given up; 15 s where nothing is said. */
  readonly timeout?: number
}

/** The page's one connection to the server. */
export interface VigilClient {
  readonly connection: Store<Connection>
  /** Rejects with the call's own tagged error, `RpcClientError` while there is no connection, or `TimeoutException`. */
  readonly call: <A, E>(use: (rpc: Calls) => Effect.Effect<A, E>, options?: CallOptions) => Promise<A>
  /** Follows a stream and asks for it again, with growing pauses, whenever it ends. Returns what stops it. */
  readonly watch: <A, E>(use: (rpc: Calls) => Stream.Stream<A, E>, onItem: (item: A) => void) => () => void
  readonly close: () => void
}

const pauses = Schedule.exponential("300 millis", 1.7).pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("20 seconds")
)

const socketUrl = (): string => {
  const url = new URL("/api/v1/rpc", location.href)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  return url.href
}

/** Marks the store as sockets come and go; `onClosed` lets the caller find out whether the session is over. */
const observedSockets = (connection: Store<Connection>, onClosed: () => void) =>
  Layer.succeed(Socket.WebSocketConstructor, (url, protocols) => {
    const socket = new WebSocket(url, protocols)
    socket.addEventListener("open", () => connection.set(opened))
    socket.addEventListener("close", () => {
      connection.set(closed(connection.get(), Date.now()))
      onClosed()
    })
    return socket
  })

const whenOpen = (connection: Store<Connection>): Effect.Effect<void> =>
  Effect.async((resume) => {
    const check = () => {
      if (connection.get()._tag !== "Open") return
      stop()
      resume(Effect.void)
    }
    const stop = connection.subscribe(check)
    check()
    return Effect.sync(stop)
  })

/**
 * Connects now and again whenever the connection is lost. `onUnauthorized` is called when the server says that there is no
 * valid session, `onClosed` each time a socket closes.
 */
export const connect = (listener: { readonly onUnauthorized: () => void; readonly onClosed: () => void }): VigilClient => {
  const connection = makeStore<Connection>({ _tag: "Connecting" })
  let open = true
  const protocol = Layer.scoped(RpcClient.Protocol, RpcClient.makeProtocolSocket({ retrySchedule: pauses })).pipe(
    Layer.provide(Socket.layerWebSocket(socketUrl())),
    Layer.provide(observedSockets(connection, () => open && listener.onClosed())),
    Layer.provide(RpcSerialization.layerNdjson)
  )
  const runtime = ManagedRuntime.make(
    Rpc.layer.pipe(Layer.provide(protocol), Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Error)))
  )

  const noticeUnauthorized = (error: unknown): Effect.Effect<void> =>
    Effect.sync(() => {
      if (open && error instanceof Unauthorized) listener.onUnauthorized()
    })

  return {
    connection,
    call: async (use, options = {}) => {
      const exit = await runtime.runPromiseExit(
        Effect.flatMap(Rpc, use).pipe(Effect.timeout(options.timeout ?? 15_000), Effect.tapError(noticeUnauthorized)),
        options.signal ? { signal: options.signal } : {}
      )
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    },
    watch: (use, onItem) => {
      const once = Rpc.pipe(
        Effect.flatMap((rpc) => Stream.runForEach(use(rpc), (item) => Effect.sync(() => onItem(item)))),
        Effect.tapError(noticeUnauthorized),
        // Whatever ended it, the way on is the same: ask again. The connection's own state tells people that it is lost.
        Effect.catchAllCause((cause) => Effect.logDebug("stream ended", cause)),
        Effect.zipRight(whenOpen(connection))
      )
      const fiber = runtime.runFork(Effect.repeat(once, pauses))
      return () => Effect.runFork(Fiber.interrupt(fiber))
    },
    close: () => {
      open = false
      void runtime.dispose()
    }
  }
}
