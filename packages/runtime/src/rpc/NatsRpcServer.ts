import { randomBytes } from "node:crypto"
import { RpcSerialization, RpcServer } from "@effect/rpc"
import type { FromClientEncoded, FromServerEncoded } from "@effect/rpc/RpcMessage"
import { Cause, Effect, FiberSet, Layer, Mailbox, Option, type Scope } from "effect"
import type { Msg, Subscription } from "nats"
import { Nats } from "../nats/Nats.js"
import { type AssemblyBudget, type Inbound, makeInbound, type SessionFrame } from "./Inbound.js"
import { decodeFrame, encodeFrame, type Frame } from "./Frame.js"
import { isNoResponders } from "./NoResponders.js"
import { makeOutbound, type Outbound } from "./Outbound.js"
import { openSessions } from "./RpcMetrics.js"
import { decodeFromClient, encodeMessage } from "./RpcEnvelope.js"
import { assemblyLimit, defaultMessageLimit, defaultTiming, makePunctuality, type SessionTiming } from "./SessionTiming.js"

export interface NatsRpcServerOptions {
  /** Must belong to this server alone in all the cluster. */
  readonly subject: string
  readonly timing?: Partial<SessionTiming>
  /** Bytes of the longest message, at most 4 GiB. Default 16 MiB. */
  readonly messageLimit?: number
  /** Clients at a time. Default 1024. */
  readonly sessionLimit?: number
  /** Calls under way of one client; what is more dies with `TooManyCalls`. Default 16384. */
  readonly callLimit?: number
}

/**
 * Answers calls over NATS, see the client's side. What a client that is gone or silent had under way is interrupted; when this server loses NATS itself, so is
 * everything, because answers may have been lost and their clients have been told so.
 */
export const makeServerProtocol = (
  options: NatsRpcServerOptions
): Effect.Effect<RpcServer.Protocol["Type"], never, Nats | RpcSerialization.RpcSerialization | Scope.Scope> =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const serialization = yield* RpcSerialization.RpcSerialization
    const run = yield* FiberSet.makeRuntime<never>()
    const disconnects = yield* Mailbox.make<number>()
    return yield* RpcServer.Protocol.make((writeRequest) =>
      Effect.gen(function* () {
        const sessions: Sessions = makeSessions(nats, serialization, options, {
          disconnected: (client) => void disconnects.unsafeOffer(client),
          excess: (client, requestId, reason) => {
            const defect = { name: "TooManyCalls", message: `${options.subject}: ${reason}` }
            run(sessions.send(client, { _tag: "Exit", requestId, exit: { _tag: "Failure", cause: { _tag: "Die", defect } } }))
          },
          failed: (what) => void run(Effect.logWarning(`RPC ${options.subject}: ${what}`)),
          received: (client, message) => {
            run(
              Effect.catchAllCause(writeRequest(client, message), (cause) =>
                Cause.isInterruptedOnly(cause)
                  ? Effect.void
                  : Effect.logWarning(`RPC ${options.subject}: a call was not taken`, cause)
              )
            )
          }
        })
        yield* Effect.addFinalizer(() => Effect.sync(sessions.close))
        yield* sessions.listening
        return {
          disconnects,
          send: sessions.send,
          end: (client: number) => Effect.sync(() => sessions.dismiss(client)),
          clientIds: Effect.sync(sessions.clients),
          initialMessage: Effect.succeed(Option.none()),
          supportsAck: true,
          supportsTransferables: false,
          supportsSpanPropagation: true
        }
      })
    )
  })

export const layerServerProtocol = (
  options: NatsRpcServerOptions
): Layer.Layer<RpcServer.Protocol, never, Nats | RpcSerialization.RpcSerialization> =>
  Layer.scoped(RpcServer.Protocol, makeServerProtocol(options))

interface PeerSession {
  readonly id: number
  /** Where its client sends to. */
  readonly subject: string
  readonly inbox: string
  readonly parser: RpcSerialization.Parser
  readonly inbound: Inbound
  readonly outbound: Outbound
  readonly calls: Set<string>
  lastHeard: number
}

/** All sessions of a server. */
interface Sessions {
  /** Until NATS knows of it, or cannot be told now. */
  readonly listening: Effect.Effect<void>
  readonly send: (client: number, response: FromServerEncoded) => Effect.Effect<void>
  readonly dismiss: (client: number) => void
  readonly clients: () => Set<number>
  readonly close: () => void
}

interface SessionEvents {
  readonly received: (client: number, message: FromClientEncoded) => void
  readonly disconnected: (client: number) => void
  /** A call that is not taken. */
  readonly excess: (client: number, requestId: string, reason: string) => void
  readonly failed: (what: string) => void
}

/** A client may be silent for so many times what it takes for silence itself: it is the first to know, and its word is final. */
const patience = 2

const makeSessions = (
  nats: typeof Nats.Service,
  serialization: typeof RpcSerialization.RpcSerialization.Service,
  options: NatsRpcServerOptions,
  events: SessionEvents
): Sessions => {
  const { connection } = nats
  const { callLimit = 16_384, messageLimit = defaultMessageLimit, sessionLimit = 1024, subject } = options
  const timing = { ...defaultTiming, ...options.timing }
  const budget: AssemblyBudget = { available: Math.max(assemblyLimit, messageLimit) }
  const byInbox = new Map<string, PeerSession>()
  const bySubject = new Map<string, PeerSession>()
  const byId = new Map<number, PeerSession>()
  let lastId = 0

  const publish = (to: string, frame: Frame, reply?: string): void => {
    if (!connection.isClosed()) connection.publish(to, encodeFrame(frame), reply === undefined ? {} : { reply })
  }

  const drop = (session: PeerSession): void => {
    if (!byId.delete(session.id)) return
    openSessions.unsafeUpdate(-1, [])
    byInbox.delete(session.inbox)
    bySubject.delete(session.subject)
    session.inbound.close()
    session.outbound.close()
    events.disconnected(session.id)
  }

  const end = (session: PeerSession, reason: string): void => {
    drop(session)
    publish(session.inbox, { _tag: "Bye", reason }, session.subject)
  }

  const welcome = (session: PeerSession): void =>
    publish(session.inbox, { _tag: "Welcome", limit: messageLimit }, session.subject)

  const open = (inbox: string, clientLimit: number): void => {
    lastId += 1
    const sessionSubject = `${subject}.session.${incarnation}.${secret()}`
    const session: PeerSession = {
      id: lastId,
      subject: sessionSubject,
      inbox,
      parser: serialization.unsafeMake(),
      inbound: makeInbound(messageLimit, budget),
      outbound: makeOutbound({
        connection,
        name: subject,
        subject: inbox,
        reply: sessionSubject,
        limit: Math.min(messageLimit, clientLimit)
      }),
      calls: new Set(),
      lastHeard: performance.now()
    }
    byId.set(session.id, session)
    openSessions.unsafeUpdate(1, [])
    byInbox.set(inbox, session)
    bySubject.set(sessionSubject, session)
    welcome(session)
  }

  const onHello = ({ data, reply }: Msg): void => {
    if (!isInbox(reply)) return
    const refuse = (reason: string) => publish(reply, { _tag: "Refused", reason })
    const frame = decodeFrame(data)
    if (frame?._tag !== "Hello") return refuse("the node speaks another version of the protocol")
    const known = byInbox.get(reply)
    if (known !== undefined) return welcome(known)
    if (byId.size >= sessionLimit) return refuse(`the node has its limit of ${sessionLimit} clients`)
    open(reply, frame.limit)
  }

  const onMessage = (message: Msg): void => {
    const session = bySubject.get(message.subject)
    if (isNoResponders(message)) return session === undefined ? undefined : drop(session)
    const frame = decodeFrame(message.data)
    if (frame === undefined || !isInbox(message.reply)) return
    if (session === undefined) {
      if (frame._tag !== "Bye")
        publish(message.reply, { _tag: "Bye", reason: "the node has ended this session" }, message.subject)
      return
    }
    if (message.reply !== session.inbox) return
    session.lastHeard = performance.now()
    if (frame._tag === "Bye") return drop(session)
    if ("sequence" in frame) accept(session, frame)
  }

  const accept = (session: PeerSession, frame: SessionFrame): void => {
    const arrival = session.inbound.accept(frame)
    if (arrival._tag === "Violation") return end(session, arrival.reason)
    if (arrival._tag === "Ping") return session.outbound.pong()
    if (arrival._tag === "Nothing") return
    const request = decodeFromClient(session.parser, arrival.body)
    if (request === undefined) return end(session, "a call that cannot be read: do both nodes run the same version?")
    if (request._tag === "Request") {
      if (session.calls.size >= callLimit) return events.excess(session.id, request.id, `more than ${callLimit} calls at a time`)
      session.calls.add(request.id)
    }
    events.received(session.id, request)
  }

  /** What is thrown in a callback of the NATS client ends its reading. */
  const guarded =
    <Arguments extends ReadonlyArray<unknown>>(callback: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      try {
        callback(...given)
      } catch (error) {
        events.failed(error instanceof Error ? error.message : String(error))
      }
    }

  const listen = (to: string, onArrival: (message: Msg) => void): Subscription =>
    connection.subscribe(to, {
      callback: (error, message) => (error === null ? guarded(onArrival)(message) : events.failed(error.message))
    })

  /** Changes when answers may have been lost, so that what clients send to sessions of before has no taker. */
  let incarnation = secret()
  const sessionSubscription = () => listen(`${subject}.session.${incarnation}.*`, onMessage)
  let sessionsListener = sessionSubscription()
  const connectListener = listen(`${subject}.connect`, onHello)
  const forget = nats.onChange((connected) => {
    if (connected) return
    for (const session of [...byId.values()]) drop(session)
    sessionsListener.unsubscribe()
    incarnation = secret()
    sessionsListener = sessionSubscription()
  })

  const inTime = makePunctuality(timing.ping)
  const look = (): void => {
    const believable = inTime()
    const now = performance.now()
    for (const session of [...byId.values()]) {
      const silence = now - session.lastHeard
      if (believable && silence > timing.silence * patience) end(session, "no sign of life")
      else if (silence > timing.ping * 2) session.outbound.ping()
    }
  }
  const timer = setInterval(guarded(look), timing.ping)

  return {
    // swallowed: without NATS now, the server is there when NATS is back
    listening: Effect.promise(() => connection.flush().catch(() => undefined)).pipe(
      Effect.timeoutOption(timing.connect),
      Effect.asVoid
    ),
    send: (client, response) =>
      Effect.suspend(() => {
        const session = byId.get(client)
        if (session === undefined) return Effect.void
        const bytes = encodeMessage(session.parser, response)
        if (bytes === undefined) return Effect.void
        if (response._tag === "Exit") session.calls.delete(response.requestId)
        // It ends every call of the client.
        else if (response._tag === "Defect") session.calls.clear()
        // swallowed: @effect/rpc makes an answer of the defect, for this call alone
        return Effect.orDie(session.outbound.send(bytes))
      }),
    dismiss: (client) => {
      const session = byId.get(client)
      if (session !== undefined) end(session, "the node has ended this session")
    },
    clients: () => new Set(byId.keys()),
    close: () => {
      clearInterval(timer)
      forget()
      for (const session of [...byId.values()]) guarded(end)(session, "the node ends")
      sessionsListener.unsubscribe()
      connectListener.unsubscribe()
    }
  }
}

/** Whoever may only send to us could make us publish elsewhere otherwise, with our rights. */
const isInbox = (reply: string | undefined): reply is string =>
  reply !== undefined && reply.startsWith("_INBOX.") && reply.length < 256

/** Nobody can send to a session without having been told where it is. */
const secret = (): string => randomBytes(12).toString("base64url")
