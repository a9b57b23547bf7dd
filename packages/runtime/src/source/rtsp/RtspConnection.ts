import type * as net from "node:net"
import { type Credentials, SourceError, type SourceErrorReason } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"
import { Deferred, Effect, Exit, type Scope } from "effect"
import { now } from "../../MonotonicClock.js"
import { type AcceptedSchemes, type Authorization, authorize } from "../auth/Authorization.js"
import { type CameraAddress, connectCamera, lostConnection } from "../CameraSocket.js"
import type { RtspLimits } from "./RtspLimits.js"
import { formatRequest, formatResponse, headerOf, type RtspMessage, type RtspRequest, type RtspResponse } from "./RtspMessage.js"
import { RtspParser, RtspSyntaxError } from "./RtspParser.js"

export interface RtspConnectionOptions {
  readonly address: CameraAddress
  readonly credentials: Credentials | undefined
  /** Absent: any. */
  readonly accepted?: AcceptedSchemes
  readonly limits: RtspLimits
  /** An interleaved frame; `bytes` is only valid during the call. */
  readonly onFrame: (channel: number, bytes: Buffer, start: number, end: number, received: MonotonicTime) => void
  readonly knowsChannel: (channel: number) => boolean
}

/** A connection to an RTSP server: requests with their answers, authentication, and interleaved frames in both directions. */
export interface RtspConnection {
  /** Sends a request, with a proof of who we are once the server has asked for it, and waits for the answer whatever its status. */
  readonly request: (
    method: string,
    uri: string,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<RtspResponse, SourceError>
  readonly sendFrame: (channel: number, payload: Uint8Array) => void
  /** Fails when the connection has ended, whoever ended it. */
  readonly ended: Effect.Effect<never, SourceError>
  /** Ends it with this error, unless it has ended already. */
  readonly fail: (reason: SourceErrorReason, detail: string) => void
  /** Ends it for a fault of our own. */
  readonly crash: (cause: unknown) => void
  readonly localAddress: string
  readonly remoteAddress: string
}

const userAgent = "Vigil"
/** Bytes waiting to be sent, beyond which the server counts as hung: all we ever send is small. */
const maxUnsent = 64 * 1024
/** A refused password, a stale nonce, and one more. */
const maxAttempts = 3

type Resume = (exit: Exit.Exit<RtspResponse, SourceError>) => void

/** Requests that servers send for a sign of life, or to tell things that we can do without. */
const answered = new Set(["OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "REDIRECT", "TEARDOWN"])

export const openRtspConnection = (options: RtspConnectionOptions): Effect.Effect<RtspConnection, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { address, credentials, limits } = options
    const ended = yield* Deferred.make<never, SourceError>()
    const pending = new Map<number, Resume>()
    const link: { socket?: net.Socket } = {}
    let over = false
    let received = now()
    let sequence = 0
    let authorization: Authorization | undefined
    let proven = false

    const failure = (reason: SourceErrorReason, detail: string, status?: number) =>
      new SourceError({ reason, url: address.url, detail, ...(status === undefined ? {} : { status }) })

    const end = (exit: Exit.Exit<never, SourceError>) => {
      if (over) return
      over = true
      parser.close()
      Deferred.unsafeDone(ended, exit)
      for (const resume of pending.values()) resume(exit)
      pending.clear()
      link.socket?.destroy()
    }

    const fail = (reason: SourceErrorReason, detail: string) => end(Exit.fail(failure(reason, detail)))

    const onBytes = (bytes: Buffer, length: number) => {
      if (over) return
      received = now()
      try {
        parser.push(bytes, length)
      } catch (cause) {
        end(cause instanceof RtspSyntaxError ? Exit.fail(failure("protocol", `The camera ${cause.message}`)) : Exit.die(cause))
      }
    }

    const send = (data: string | Uint8Array) => {
      if (over) return
      if ((link.socket?.writableLength ?? 0) > maxUnsent) return fail("timeout", "The camera does not read what we send")
      link.socket?.write(data)
    }

    const onResponse = (response: RtspResponse) => {
      const text = headerOf(response, "cseq")
      const [only] = pending.size === 1 ? pending.keys() : []
      const number = text === undefined ? only : Number(text)
      const resume = number === undefined ? undefined : pending.get(number)
      // Answers nobody waits for come late, after their request's limit.
      if (number === undefined || resume === undefined) return
      pending.delete(number)
      resume(Exit.succeed(response))
    }

    const onRequest = (request: RtspRequest) => {
      const known = answered.has(request.method)
      send(formatResponse(known ? 200 : 501, known ? "OK" : "Not Implemented", { CSeq: headerOf(request, "cseq") ?? "0" }))
      if (request.method === "REDIRECT") fail("closed", "The camera asks to go to another address (REDIRECT)")
      if (request.method === "TEARDOWN") fail("closed", "The camera ended the session (TEARDOWN)")
    }

    const parser = new RtspParser(
      {
        onMessage: (message: RtspMessage) => (message._tag === "Response" ? onResponse(message) : onRequest(message)),
        onFrame: (channel, bytes, start, end) => options.onFrame(channel, bytes, start, end, received),
        knowsChannel: options.knowsChannel
      },
      limits.parser
    )

    const opened = yield* connectCamera(address, { timeout: limits.connect, onBytes })
    link.socket = opened
    opened.once("error", (error) => end(Exit.fail(lostConnection(address.url, error))))
    opened.once("close", () => fail("closed", "The camera closed the connection"))
    if (opened.destroyed) fail("closed", "The camera closed the connection")
    yield* Effect.addFinalizer(() => Effect.sync(() => fail("closed", "We closed the connection")))

    const exchange = (method: string, uri: string, headers: Readonly<Record<string, string>>) =>
      Effect.async<RtspResponse, SourceError>((resume) => {
        if (over) return resume(Deferred.await(ended))
        const number = ++sequence
        pending.set(number, resume)
        const proof: Readonly<Record<string, string>> =
          authorization === undefined ? {} : { Authorization: authorization.header(method, uri) }
        send(formatRequest(method, uri, { CSeq: String(number), "User-Agent": userAgent, ...headers, ...proof }))
        return Effect.sync(() => pending.delete(number))
      }).pipe(
        Effect.timeoutFail({
          duration: limits.request,
          onTimeout: () => failure("timeout", `No answer to ${method} within ${limits.request} ms`)
        })
      )

    /** Takes up the server's challenge, or says why that is of no use. */
    const takeChallenge = (method: string, challenges: ReadonlyArray<string>): SourceError | undefined => {
      if (credentials === undefined)
        return failure("unauthorized", `The camera asks for a user name and password (${method})`, 401)
      const worthAnother = authorization === undefined || proven || authorization.isRenewedBy(challenges)
      if (!worthAnother) return failure("unauthorized", `The camera refuses the user name or password (${method})`, 401)
      proven = false
      authorization = authorize(challenges, credentials, options.accepted)
      return authorization === undefined
        ? failure(
            "unauthorized",
            options.accepted === "digest"
              ? `The camera takes no Digest: it would be told the password itself (${method})`
              : `The camera offers no authentication that we know: Digest (MD5, SHA-256) or Basic (${method})`,
            401
          )
        : undefined
    }

    const request: RtspConnection["request"] = (method, uri, headers = {}) =>
      Effect.gen(function* () {
        for (let attempt = 0; attempt < maxAttempts; attempt++) {
          const response = yield* exchange(method, uri, headers)
          if (response.status !== 401) {
            proven = authorization !== undefined
            return response
          }
          const refusal = takeChallenge(method, response.headers.get("www-authenticate") ?? [])
          if (refusal !== undefined) return yield* refusal
        }
        return yield* failure("unauthorized", `The camera asks for authentication again and again (${method})`, 401)
      })

    return {
      request,
      fail,
      crash: (cause) => end(Exit.die(cause)),
      ended: Deferred.await(ended),
      localAddress: opened.localAddress ?? "",
      remoteAddress: opened.remoteAddress ?? "",
      sendFrame: (channel, payload) => {
        const header = Buffer.from([0x24, channel, payload.length >> 8, payload.length & 0xff])
        send(Buffer.concat([header, payload]))
      }
    }
  })
