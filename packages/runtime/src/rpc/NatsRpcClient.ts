import { RpcClient, RpcClientError, RpcSerialization } from "@effect/rpc"
import type { FromClientEncoded, FromServerEncoded } from "@effect/rpc/RpcMessage"
import { Cause, Effect, Exit, FiberSet, Layer, type Scope } from "effect"
import { createInbox, type Msg } from "nats"
import { Nats } from "../nats/Nats.js"
import { type AssemblyBudget, type Inbound, makeInbound } from "./Inbound.js"
import { decodeFrame, encodeFrame, type Frame } from "./Frame.js"
import { isNoResponders } from "./NoResponders.js"
import { type MessageTooLarge, makeOutbound, type Outbound } from "./Outbound.js"
import { lostSessions } from "./RpcMetrics.js"
import { decodeFromServer, encodeMessage } from "./RpcEnvelope.js"
import { assemblyLimit, defaultMessageLimit, defaultTiming, makePunctuality, type SessionTiming } from "./SessionTiming.js"

export interface NatsRpcClientOptions {
  /** The server's subject, as its protocol was given it. */
  readonly subject: string
  readonly timing?: Partial<SessionTiming>
  /** Bytes of the longest message, at most 4 GiB. Default 16 MiB. */
  readonly messageLimit?: number
  /**
   * What becomes of a call that is longer: `fail` is an `RpcClientError` whose cause is `MessageTooLarge`; `die` is for callers that would only repeat it,
   * as @effect/cluster does.
   */
  readonly oversized?: "fail" | "die"
}

/**
 * Calls over NATS to the one server of a subject. A session imitates a connection: it is made by the first call, and when its server is gone, silent or another one, every call under
 * way fails with an `RpcClientError` that says so; the next call makes a new one. There is no repetition here: callers know what may be repeated.
 */
export const makeClientProtocol = (
  options: NatsRpcClientOptions
): Effect.Effect<RpcClient.Protocol["Type"], never, Nats | RpcSerialization.RpcSerialization | Scope.Scope> =>
  RpcClient.Protocol.make(
    Effect.fnUntraced(function* (writeResponse) {
      const nats = yield* Nats
      const serialization = yield* RpcSerialization.RpcSerialization
      const run = yield* FiberSet.makeRuntime<never>()
      const link = makeLink(nats, serialization, options, (response) => {
        run(
          Effect.catchAllCause(writeResponse(response), (cause) =>
            Cause.isInterruptedOnly(cause)
              ? Effect.void
              : Effect.logWarning(`RPC ${options.subject}: an answer was not taken`, cause)
          )
        )
      })
      yield* Effect.addFinalizer(() => Effect.sync(link.close))
      return { send: link.send, supportsAck: true, supportsTransferables: false }
    })
  )

export const layerClientProtocol = (
  options: NatsRpcClientOptions
): Layer.Layer<RpcClient.Protocol, never, Nats | RpcSerialization.RpcSerialization> =>
  Layer.scoped(RpcClient.Protocol, makeClientProtocol(options))

interface OpenSession {
  readonly server: string
  readonly parser: RpcSerialization.Parser
  readonly inbound: Inbound
  readonly outbound: Outbound
  lastHeard: number
}

type Resume = (result: Exit.Exit<OpenSession, RpcClientError.RpcClientError>) => void

type State =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Connecting"; readonly waiting: Set<Resume>; readonly deadline: number; timer: NodeJS.Timeout | undefined }
  | { readonly _tag: "Open"; readonly session: OpenSession }

interface Link {
  readonly send: (message: FromClientEncoded) => Effect.Effect<void, RpcClientError.RpcClientError>
  readonly close: () => void
}

/** Between two attempts to be heard while a session is asked for. */
const helloInterval = 200

const makeLink = (
  nats: typeof Nats.Service,
  serialization: typeof RpcSerialization.RpcSerialization.Service,
  options: NatsRpcClientOptions,
  deliver: (response: FromServerEncoded) => void
): Link => {
  const { connection } = nats
  const { oversized = "fail", messageLimit = defaultMessageLimit, subject } = options
  const timing = { ...defaultTiming, ...options.timing }
  const budget: AssemblyBudget = { available: Math.max(assemblyLimit, messageLimit) }
  const inboxes = createInbox()
  const hello = encodeFrame({ _tag: "Hello", limit: messageLimit })
  let closing = false
  let state: State = { _tag: "Idle" }
  /** Every session has an inbox of its own, so that nothing meant for an earlier one reaches it. */
  let inboxNumber = 0
  const inbox = (): string => `${inboxes}.${inboxNumber}`

  const problem = (what: string, cause?: unknown): RpcClientError.RpcClientError =>
    new RpcClientError.RpcClientError({
      reason: "Protocol",
      message: `${subject}: ${what}`,
      ...(cause === undefined ? {} : { cause })
    })

  /** Ends the session or the attempt to make one; whoever waits for an answer learns why. */
  const end = (what: string): void => {
    const ended = state
    state = { _tag: "Idle" }
    inboxNumber += 1
    const error = problem(what)
    if (ended._tag === "Open") {
      if (!closing) lostSessions.unsafeUpdate(1, [])
      ended.session.inbound.close()
      ended.session.outbound.close()
    }
    if (ended._tag === "Connecting") {
      clearTimeout(ended.timer)
      for (const resume of ended.waiting) resume(Exit.fail(error))
    }
    if (ended._tag !== "Idle") deliver({ _tag: "ClientProtocolError", error })
  }

  const sayBye = (server: string, reason: string, reply = inbox()): void => {
    if (!connection.isClosed()) connection.publish(server, encodeFrame({ _tag: "Bye", reason }), { reply })
  }

  /** Whoever knows an inbox could make us publish elsewhere otherwise. */
  const isSession = (reply: string | undefined): reply is string => reply?.startsWith(`${subject}.session.`) ?? false

  /** A server that still serves an earlier session, because it was not told or did not hear of its end. */
  const onStale = ({ data, reply, subject: inboxOfBefore }: Msg): void => {
    const frame = decodeFrame(data)
    if (frame !== undefined && frame._tag !== "Bye" && isSession(reply)) {
      sayBye(reply, "the client has ended this session", inboxOfBefore)
    }
  }

  const ask = (): void => {
    if (state._tag !== "Connecting") return
    if (connection.isClosed()) return end("the connection to NATS is closed")
    if (performance.now() >= state.deadline) {
      const why = nats.connectedFor() > 0 ? "the node is stopped or cut off" : "there is no connection to NATS"
      return end(`no answer within ${timing.connect / 1000} s: ${why}`)
    }
    connection.publish(`${subject}.connect`, hello, { reply: inbox() })
    state.timer = setTimeout(guarded(ask), Math.min(helloInterval, timing.connect))
  }

  const onConnecting = (frame: Frame | undefined, server: string | undefined): void => {
    if (state._tag !== "Connecting") return
    if (frame?._tag === "Refused") return end(frame.reason)
    if (frame?._tag !== "Welcome" || !isSession(server)) return
    const { timer, waiting } = state
    clearTimeout(timer)
    const limit = Math.min(messageLimit, frame.limit)
    const session: OpenSession = {
      server,
      parser: serialization.unsafeMake(),
      inbound: makeInbound(messageLimit, budget),
      outbound: makeOutbound({ connection, name: subject, subject: server, reply: inbox(), limit }),
      lastHeard: performance.now()
    }
    state = { _tag: "Open", session }
    for (const resume of waiting) resume(Exit.succeed(session))
  }

  const onOpen = (session: OpenSession, frame: Frame): void => {
    session.lastHeard = performance.now()
    if (frame._tag === "Bye") return end(frame.reason)
    if (!("sequence" in frame)) return
    const arrival = session.inbound.accept(frame)
    if (arrival._tag === "Violation") {
      sayBye(session.server, arrival.reason)
      return end(arrival.reason)
    }
    if (arrival._tag === "Ping") return session.outbound.pong()
    if (arrival._tag === "Nothing") return
    const response = decodeFromServer(session.parser, arrival.body)
    if (response !== undefined) return deliver(response)
    sayBye(session.server, "an answer that cannot be read")
    end("the server sent what is no answer: do both nodes run the same version?")
  }

  const onMessage = (message: Msg): void => {
    if (message.subject !== inbox()) return onStale(message)
    if (isNoResponders(message)) {
      if (state._tag === "Open") return end("the node is gone")
      if (nats.connectedFor() >= timing.settle) end("nobody is there")
      return
    }
    const frame = decodeFrame(message.data)
    if (state._tag === "Connecting") return onConnecting(frame, message.reply)
    if (state._tag === "Open" && frame !== undefined && message.reply === state.session.server) onOpen(state.session, frame)
  }

  /** What is thrown in a callback of the NATS client ends its reading. */
  const guarded =
    <Arguments extends ReadonlyArray<unknown>>(callback: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      try {
        callback(...given)
      } catch (error) {
        end(`the session broke: ${error instanceof Error ? error.message : String(error)}`)
      }
    }

  const inTime = makePunctuality(timing.ping)
  const look = (): void => {
    const believable = inTime()
    if (state._tag !== "Open") return
    const { session } = state
    if (believable && performance.now() - session.lastHeard > timing.silence) {
      sayBye(session.server, "no sign of life")
      return end(`no sign of life for ${timing.silence / 1000} s: the node is stopped or cut off`)
    }
    session.outbound.ping()
  }

  const subscription = connection.subscribe(`${inboxes}.*`, {
    callback: (error, message) => (error === null ? guarded(onMessage)(message) : end(`NATS refuses the inbox: ${error.message}`))
  })
  const timer = setInterval(guarded(look), timing.ping)
  const forget = nats.onChange((connected) => {
    // Answers may have been lost meanwhile, and nobody would repeat them.
    if (!connected && state._tag === "Open") end("the connection to NATS was lost")
  })

  const session = Effect.async<OpenSession, RpcClientError.RpcClientError>((resume) => {
    if (state._tag === "Open") return resume(Exit.succeed(state.session))
    if (state._tag === "Idle") {
      state = { _tag: "Connecting", waiting: new Set([resume]), deadline: performance.now() + timing.connect, timer: undefined }
      guarded(ask)()
    } else state.waiting.add(resume)
    return Effect.sync(() => {
      if (state._tag === "Connecting") state.waiting.delete(resume)
    })
  })

  const tooLarge = (error: MessageTooLarge) =>
    oversized === "die" ? Effect.die(error) : Effect.fail(problem(error.message, error))

  const transmit = (over: OpenSession, message: FromClientEncoded): Effect.Effect<void, RpcClientError.RpcClientError> =>
    Effect.suspend(() => {
      const bytes = encodeMessage(over.parser, message)
      return bytes === undefined ? Effect.void : over.outbound.send(bytes)
    }).pipe(Effect.catchTag("MessageTooLarge", tooLarge))

  return {
    send: (message) =>
      Effect.suspend(() => {
        if (state._tag === "Open") return transmit(state.session, message)
        // What belongs to a call of an ended session has no meaning for the next one.
        return message._tag === "Request" ? Effect.flatMap(session, (made) => transmit(made, message)) : Effect.void
      }),
    close: () => {
      closing = true
      clearInterval(timer)
      forget()
      if (state._tag === "Open") guarded(sayBye)(state.session.server, "the client ended")
      end("the client ended")
      subscription.unsubscribe()
    }
  }
}
