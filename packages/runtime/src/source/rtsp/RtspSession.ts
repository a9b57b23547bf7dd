import { SourceError, type SourceErrorReason } from "@vigil/core/Source"
import { concealed } from "@vigil/core/AddressSecrets"
import { displayUrl } from "@vigil/core/SourceUrl"
import { Effect, Option } from "effect"
import type { RtspConnection } from "./RtspConnection.js"
import { headerOf, type RtspResponse } from "./RtspMessage.js"
import { parseSdp, resolveControl, type SessionDescription } from "../../rtp/Sdp.js"
import { parseTransport, type TransportAnswer } from "./TransportHeader.js"

/** The server sends us to another address. */
export class Redirected {
  readonly _tag = "Redirected"
  readonly location: string

  constructor(location: string) {
    this.location = location
  }
}

export interface Described {
  readonly description: SessionDescription
  /** What relative control URLs are relative to. */
  readonly base: string
  readonly server: string | undefined
}

/** The dialogue with a server, one request after another; knows the session's identifier and what keeps it alive. */
export interface RtspSession {
  readonly describe: Effect.Effect<Described, SourceError | Redirected>
  /** `control` is absolute. Answers undefined when the server does not support the transport. */
  readonly setup: (control: string, transport: string) => Effect.Effect<TransportAnswer | undefined, SourceError | Redirected>
  readonly play: (uri: string) => Effect.Effect<void, SourceError | Redirected>
  readonly teardown: (uri: string) => Effect.Effect<void, SourceError>
  /** Sends a sign of life at half the session's timeout, for ever; fails when the server has forgotten the session. */
  readonly keepAlive: (uri: string) => Effect.Effect<never, SourceError>
}

const maxSessionId = 256
const defaultTimeout = 60
const maxServerName = 200

const reasonOf = (status: number): SourceErrorReason => {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return "unauthorized"
    case 404:
    case 410:
      return "not-found"
    case 461:
      return "unsupported"
    default:
      return "rejected"
  }
}

const isRedirection = (status: number): boolean => status >= 301 && status <= 308 && status !== 304

/** The server has no session of that name any more. */
const sessionNotFound = 454
const unsupportedTransport = 461

export const makeRtspSession = (connection: RtspConnection, url: string): RtspSession => {
  let sessionId: string | undefined
  let timeout = defaultTimeout
  let parameterMethod = false

  const failure = (reason: SourceErrorReason, detail: string, status?: number) =>
    new SourceError({ reason, url: displayUrl(url), detail, ...(status === undefined ? {} : { status }) })

  const send = (method: string, uri: string, headers: Readonly<Record<string, string>> = {}) =>
    connection.request(method, uri, sessionId === undefined ? headers : { ...headers, Session: sessionId })

  const refused = (method: string, response: RtspResponse): SourceError | Redirected => {
    const location = headerOf(response, "location")
    if (isRedirection(response.status) && location !== undefined) return new Redirected(location)
    // Some repeat the address.
    const said = concealed(`${response.status} ${response.reason}`.trim())
    return failure(reasonOf(response.status), `The camera answers ${method} with ${said}`, response.status)
  }

  const accepted = (method: string, response: RtspResponse) =>
    response.status >= 200 && response.status < 300 ? Effect.succeed(response) : Effect.fail(refused(method, response))

  /** Servers that refuse OPTIONS may serve everything else. */
  const options = send("OPTIONS", url).pipe(
    Effect.flatMap((response) => (isRedirection(response.status) ? accepted("OPTIONS", response) : Effect.succeed(response))),
    Effect.map((response) => {
      parameterMethod = (headerOf(response, "public") ?? "").toUpperCase().includes("GET_PARAMETER")
      return headerOf(response, "server")
    })
  )

  const takeSession = (response: RtspResponse): SourceError | undefined => {
    const header = headerOf(response, "session")
    if (header === undefined) return undefined
    const [id = "", ...parameters] = header.split(";").map((part) => part.trim())
    if (id === "" || id.length > maxSessionId) {
      return failure("protocol", `The camera's session identifier has ${id.length} characters; 1 to ${maxSessionId} are allowed`)
    }
    sessionId = id
    for (const parameter of parameters) {
      const seconds = /^timeout\s*=\s*(\d{1,6})$/i.exec(parameter)?.[1]
      if (seconds !== undefined && Number(seconds) > 0) timeout = Number(seconds)
    }
    return undefined
  }

  const describe: RtspSession["describe"] = Effect.gen(function* () {
    const server = yield* options
    const response = yield* send("DESCRIBE", url, { Accept: "application/sdp" }).pipe(
      Effect.flatMap((answer) => accepted("DESCRIBE", answer))
    )
    const description = parseSdp(Buffer.from(response.body).toString("utf8"))
    if (description === undefined) {
      return yield* failure(
        "protocol",
        `The camera's answer to DESCRIBE is no session description (${response.body.length} bytes)`
      )
    }
    const base = headerOf(response, "content-base") ?? headerOf(response, "content-location") ?? url
    return {
      description,
      base: /^rtsps?:\/\//i.test(base) ? base : resolveControl(url, base),
      server: (headerOf(response, "server") ?? server)?.slice(0, maxServerName)
    }
  })

  const setup: RtspSession["setup"] = (control, transport) =>
    Effect.gen(function* () {
      const response = yield* send("SETUP", control, { Transport: transport })
      if (response.status === unsupportedTransport) return undefined
      yield* accepted("SETUP", response)
      const wrong = takeSession(response)
      if (wrong !== undefined) return yield* wrong
      return parseTransport(headerOf(response, "transport") ?? transport)
    })

  const signOfLife = (uri: string) =>
    Effect.gen(function* () {
      const method = parameterMethod ? "GET_PARAMETER" : "OPTIONS"
      // A camera that does not answer signs of life may well go on sending; one that sends nothing is found by the watchdog.
      const answer = yield* send(method, uri).pipe(
        Effect.map(Option.some),
        Effect.catchIf(
          (error) => error.reason === "timeout",
          () => Effect.succeed(Option.none<RtspResponse>())
        )
      )
      if (Option.isNone(answer)) return
      const { status } = answer.value
      if (status === sessionNotFound) return yield* failure("closed", "The camera has forgotten the session", status)
      if (status >= 400) parameterMethod = false
    })

  return {
    describe,
    setup,
    play: (uri) =>
      send("PLAY", uri, { Range: "npt=0.000-" }).pipe(
        Effect.flatMap((response) => accepted("PLAY", response)),
        Effect.asVoid
      ),
    teardown: (uri) => Effect.asVoid(send("TEARDOWN", uri)),
    keepAlive: (uri) =>
      Effect.suspend(() => Effect.delay(signOfLife(uri), Math.max(1, Math.min(30, timeout / 2)) * 1000)).pipe(Effect.forever)
  }
}
