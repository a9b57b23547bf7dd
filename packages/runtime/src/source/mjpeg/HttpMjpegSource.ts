import * as http from "node:http"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import {
  type AccessUnitSink,
  type OpenSource,
  type SourceConfig,
  SourceError,
  type SourceErrorReason,
  type SourceKind
} from "@vigil/core/Source"
import { concealed } from "@vigil/core/AddressSecrets"
import { displayUrl, parseSourceUrl, type SourceAddress } from "@vigil/core/SourceUrl"
import { mediaTime, type MonotonicTime, wallTime } from "@vigil/core/Time"
import { Deferred, Effect, Exit, type Scope } from "effect"
import { now } from "../../MonotonicClock.js"
import { type Authorization, authorize } from "../auth/Authorization.js"
import { cameraAddress, connectCamera } from "../CameraSocket.js"
import { closeOnFailure } from "../CloseOnFailure.js"
import { interval } from "../Interval.js"
import { followRedirection, tooManyRedirections } from "../Redirection.js"
import { SourceMeter } from "../SourceMeter.js"
import { VideoDescriber } from "../VideoDescriber.js"
import {
  boundaryOf,
  defaultMultipartLimits,
  type MultipartLimits,
  MultipartParser,
  MultipartSyntaxError
} from "./MultipartParser.js"

/** How long a server may take, in milliseconds, and how much it may send. */
export interface HttpMjpegLimits {
  /** For the TCP connection, and again for the TLS handshake. */
  readonly connect: number
  /** For the answer's headers. */
  readonly request: number
  /** For everything until the answer that has the images, authentication and redirections included. */
  readonly open: number
  /** Without an image, before the source counts as stalled. */
  readonly stall: number
  readonly redirects: number
  /** Bytes of the answer's headers. */
  readonly headerBytes: number
  readonly parts: MultipartLimits
}

export const defaultHttpMjpegLimits: HttpMjpegLimits = {
  connect: 5000,
  request: 5000,
  open: 20_000,
  stall: 8000,
  redirects: 5,
  headerBytes: 16 * 1024,
  parts: defaultMultipartLimits
}

/** An open answer and the address that gave it. */
interface Answer {
  readonly response: http.IncomingMessage
  readonly target: SourceAddress
}

const failure = (url: string, reason: SourceErrorReason, detail: string, status?: number) =>
  new SourceError({ reason, url: displayUrl(url), detail, ...(status === undefined ? {} : { status }) })

const explain = (url: string, error: Error): SourceError => {
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  if (code === "HPE_HEADER_OVERFLOW") return failure(url, "protocol", "The camera sent too many headers")
  if (code.startsWith("HPE_")) return failure(url, "protocol", `The camera's answer is not HTTP (${code})`)
  return failure(url, "closed", `The connection broke: ${code || error.message}`)
}

const get = (target: SourceAddress, config: SourceConfig, limits: HttpMjpegLimits, authorization: Authorization | undefined) =>
  Effect.gen(function* () {
    const url = new URL(target.url)
    const secure = target.scheme === "https"
    const address = cameraAddress(url, secure ? 443 : 80, secure ? config.tls : undefined, displayUrl(target.url))
    const socket = yield* connectCamera(address, { timeout: limits.connect })
    const path = `${url.pathname}${url.search}`
    return yield* Effect.async<http.IncomingMessage, SourceError>((resume) => {
      const request = http.request({
        method: "GET",
        path,
        host: url.host,
        setHost: false,
        headers: {
          Host: url.host,
          Accept: "multipart/x-mixed-replace, image/jpeg",
          "User-Agent": "Vigil",
          ...(authorization === undefined ? {} : { Authorization: authorization.header("GET", path) })
        },
        createConnection: () => socket,
        maxHeaderSize: limits.headerBytes
      })
      request.on("error", (error) => resume(Effect.fail(explain(target.url, error))))
      request.once("response", (response) => resume(Effect.succeed(response)))
      request.end()
    }).pipe(
      Effect.timeoutFail({
        duration: limits.request,
        onTimeout: () => failure(target.url, "timeout", `No answer to GET within ${limits.request} ms`)
      })
    )
  })

const reasonOf = (status: number): SourceErrorReason => {
  if (status === 401 || status === 403) return "unauthorized"
  return status === 404 || status === 410 ? "not-found" : "rejected"
}

const challengesOf = (response: http.IncomingMessage): ReadonlyArray<string> => {
  const { rawHeaders } = response
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "www-authenticate")
}

const maxAttempts = 3

/** Takes up the server's challenge, or says why that is of no use. */
const prove = (
  target: SourceAddress,
  challenges: ReadonlyArray<string>,
  before: Authorization | undefined
): Effect.Effect<Authorization, SourceError> => {
  const refuse = (detail: string) => Effect.fail(failure(target.url, "unauthorized", detail, 401))
  if (target.credentials === undefined) return refuse("The camera asks for a user name and password")
  if (before !== undefined && !before.isRenewedBy(challenges)) return refuse("The camera refuses the user name or password")
  const authorization = authorize(challenges, target.credentials)
  return authorization === undefined
    ? refuse("The camera offers no authentication that we know: Digest (MD5, SHA-256) or Basic")
    : Effect.succeed(authorization)
}

/** What came of one request: the images, or what to do first. */
type Outcome =
  | { readonly _tag: "Answer"; readonly response: http.IncomingMessage }
  | { readonly _tag: "Challenge"; readonly challenges: ReadonlyArray<string> }
  | { readonly _tag: "Redirection"; readonly location: string }

/** One request on a connection of its own, which only stays open for the answer that counts. */
const ask = (target: SourceAddress, config: SourceConfig, limits: HttpMjpegLimits, authorization: Authorization | undefined) =>
  closeOnFailure(
    Effect.gen(function* () {
      const response = yield* get(target, config, limits, authorization)
      const status = response.statusCode ?? 0
      const { location } = response.headers
      if (status === 401) return yield* Effect.fail<Outcome>({ _tag: "Challenge", challenges: challengesOf(response) })
      if (status >= 301 && status <= 308 && location !== undefined) {
        return yield* Effect.fail<Outcome>({ _tag: "Redirection", location })
      }
      if (status !== 200) {
        // Some repeat the address.
        const said = concealed(`${status} ${response.statusMessage ?? ""}`.trim()).slice(0, 100)
        return yield* failure(target.url, reasonOf(status), `The camera answers with ${said}`, status)
      }
      const outcome: Outcome = { _tag: "Answer", response }
      return outcome
    })
  ).pipe(
    Effect.catchIf(
      (error): error is Outcome => !(error instanceof SourceError),
      (outcome) => Effect.succeed(outcome)
    )
  )

const connect = (config: SourceConfig, limits: HttpMjpegLimits): Effect.Effect<Answer, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const address = yield* parseSourceUrl(config.url)
    let target = { ...address, credentials: config.credentials ?? address.credentials }
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      let authorization: Authorization | undefined
      let moved: string | undefined
      for (let attempt = 0; attempt < maxAttempts && moved === undefined; attempt++) {
        const outcome: Outcome = yield* ask(target, config, limits, authorization)
        if (outcome._tag === "Answer") return { response: outcome.response, target }
        if (outcome._tag === "Redirection") moved = outcome.location
        else authorization = yield* prove(target, outcome.challenges, authorization)
      }
      if (moved === undefined) {
        return yield* failure(target.url, "unauthorized", "The camera asks for authentication again and again", 401)
      }
      target = yield* followRedirection(target, moved, { plain: "http", secure: "https" })
    }
    return yield* tooManyRedirections(config.url, limits.redirects)
  }).pipe(
    Effect.timeoutFail({
      duration: limits.open,
      onTimeout: () => failure(config.url, "timeout", `No images within ${limits.open} ms`)
    })
  )

/** From the first to the last marker of an image: cameras pad. Undefined for what is not a whole JPEG image. */
const trimImage = (part: Buffer): Buffer | undefined => {
  if (part[0] !== 0xff || part[1] !== 0xd8) return undefined
  const end = part.lastIndexOf("\xff\xd9", undefined, "latin1")
  return end < 0 ? undefined : part.subarray(0, end + 2)
}

const open = (
  config: SourceConfig,
  sink: AccessUnitSink,
  limits: HttpMjpegLimits
): Effect.Effect<OpenSource, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { response, target } = yield* connect(config, limits)
    const contentType = response.headers["content-type"] ?? ""
    const boundary = boundaryOf(contentType)
    if (boundary === undefined) {
      const detail = `The address serves "${contentType.slice(0, 100)}", not a motion-JPEG stream (multipart/x-mixed-replace)`
      return yield* failure(target.url, "unsupported", detail)
    }
    const ended = yield* Deferred.make<never, SourceError>()
    const meter = new SourceMeter()
    const video = new VideoDescriber("mjpeg")
    const opened = now()
    let first: MonotonicTime | undefined
    let last: MonotonicTime | undefined

    const end = (exit: Exit.Exit<never, SourceError>) => {
      Deferred.unsafeDone(ended, exit)
      response.destroy()
    }
    const fail = (reason: SourceErrorReason, detail: string) => end(Exit.fail(failure(target.url, reason, detail)))

    const onPart = (part: Buffer) => {
      const received = now()
      meter.onPacket(part.length, received)
      const image = trimImage(part)
      if (image === undefined) return meter.onBrokenFrame()
      first ??= received
      last = received
      const unit: AccessUnit = {
        track: 0,
        kind: "video",
        units: [Buffer.from(image)],
        keyframe: true,
        damaged: false,
        mediaTime: mediaTime(Math.round((received - first) * 1000)),
        wallTime: wallTime(Date.now()),
        wallClockOrigin: "receive",
        received
      }
      meter.onAccessUnit(true, true, false, received)
      video.observe(unit)
      void sink(unit)
    }

    const parser = new MultipartParser(
      boundary,
      { onPart, onEnd: () => fail("closed", "The camera ended the stream") },
      limits.parts
    )
    response.on("data", (chunk: Buffer) => {
      try {
        parser.push(chunk)
      } catch (cause) {
        const broken = cause instanceof MultipartSyntaxError
        end(broken ? Exit.fail(failure(target.url, "protocol", `The camera ${cause.message}`)) : Exit.die(cause))
      }
    })
    response.on("error", (error) => end(Exit.fail(explain(target.url, error))))
    response.once("close", () => fail("closed", "The camera closed the connection"))
    yield* Effect.addFinalizer(() => Effect.sync(() => fail("closed", "We closed the connection")))

    yield* interval(limits.stall / 4, () => {
      if (now() - (last ?? opened) < limits.stall) return
      fail("stalled", `No ${last === undefined ? "" : "further "}image came within ${limits.stall} ms; the connection stands`)
    })
    return {
      get description() {
        const { server } = response.headers
        return {
          protocol: "HTTP MJPEG",
          ...(typeof server === "string" ? { server: server.slice(0, 200) } : {}),
          tracks: [video.track]
        }
      },
      statistics: () => meter.read(now(), 0),
      ended: Deferred.await(ended)
    }
  }).pipe(closeOnFailure)

/** Motion JPEG over HTTP with limits of one's own. */
export const makeHttpMjpegSource = (limits: HttpMjpegLimits): SourceKind => ({
  schemes: ["http", "https"],
  open: (config, sink) => open(config, sink, limits)
})

/** Motion JPEG as cameras serve it over HTTP: `multipart/x-mixed-replace` with one JPEG image a part. */
export const httpMjpegSource: SourceKind = makeHttpMjpegSource(defaultHttpMjpegLimits)
