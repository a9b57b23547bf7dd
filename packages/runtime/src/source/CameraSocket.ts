import * as net from "node:net"
import * as tls from "node:tls"
import { SourceError, type SourceErrorReason, type TlsTrust } from "@vigil/core/Source"
import { Effect, type Scope } from "effect"

export interface CameraAddress {
  readonly host: string
  readonly port: number
  /** Absent: plain TCP. */
  readonly tls?: TlsTrust
  /** For errors: has no credentials. */
  readonly url: string
}

export interface ConnectOptions {
  /** Milliseconds for the TCP connection, and again for the TLS handshake. */
  readonly timeout: number
  /**
   * Gets what arrives, the first `length` of `bytes`, only valid during the call: plain TCP connections share one receive buffer.
   * Absent: the socket is read as an ordinary stream.
   */
  readonly onBytes?: (bytes: Buffer, length: number) => void
}

/** Filled by the kernel and emptied by `onBytes` within one turn of the event loop, so one for all connections is enough. */
const receiveBuffer = Buffer.allocUnsafeSlow(64 * 1024)

const unreachableCodes = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "EACCES",
  "EPERM",
  "EINVAL"
])

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "")

const connectReason = (code: string): SourceErrorReason => {
  if (unreachableCodes.has(code)) return "unreachable"
  return code === "ETIMEDOUT" ? "timeout" : "closed"
}

/** What a socket's `error` event means once the connection stands. */
export const lostConnection = (url: string, error: Error): SourceError =>
  new SourceError({ reason: "closed", url, detail: `The connection broke: ${codeOf(error) || error.message}` })

/** A socket without an `error` listener ends the process; the `close` that follows is what everybody waits for. */
const keepErrorsFromThrowing = (socket: net.Socket): void => {
  // swallowed: `close` comes after it.
  socket.on("error", () => {})
}

/** Waits for `event`; `onError` says what an `error` or `close` before it means. */
const waitFor = (socket: net.Socket, event: string, onError: (error: Error | undefined) => SourceError) =>
  Effect.async<void, SourceError>((resume) => {
    const forget = () => {
      socket.off(event, done)
      socket.off("error", failed)
      socket.off("close", closed)
    }
    const settle = (exit: Effect.Effect<void, SourceError>) => {
      forget()
      resume(exit)
    }
    const done = () => settle(Effect.void)
    const failed = (error: Error) => settle(Effect.fail(onError(error)))
    const closed = () => settle(Effect.fail(onError(undefined)))
    socket.on(event, done)
    socket.on("error", failed)
    socket.on("close", closed)
    return Effect.sync(forget)
  })

const open = <S extends net.Socket>(create: () => S) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = create()
      keepErrorsFromThrowing(socket)
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const connectTcp = (address: CameraAddress, options: ConnectOptions) =>
  Effect.gen(function* () {
    const onBytes = address.tls === undefined ? options.onBytes : undefined
    const where = `${address.host}:${address.port}`
    const socket = yield* open(() =>
      net.connect({
        host: address.host,
        port: address.port,
        noDelay: true,
        ...(onBytes === undefined
          ? {}
          : {
              onread: {
                buffer: receiveBuffer,
                callback: (length: number) => {
                  onBytes(receiveBuffer, length)
                  return true
                }
              }
            })
      })
    )
    yield* waitFor(socket, "connect", (error) => {
      const code = error === undefined ? "closed" : codeOf(error)
      return new SourceError({
        reason: connectReason(code),
        url: address.url,
        detail: `Cannot connect to ${where}: ${code || error?.message}`
      })
    }).pipe(
      Effect.timeoutFail({
        duration: options.timeout,
        onTimeout: () =>
          new SourceError({
            reason: "timeout",
            url: address.url,
            detail: `No connection to ${where} within ${options.timeout} ms`
          })
      })
    )
    return socket
  })

const normalise = (fingerprint: string): string => fingerprint.replaceAll(":", "").toUpperCase()

/** Options of the handshake, and what is still to be checked when it is done. */
const trustOptions = (trust: TlsTrust): tls.ConnectionOptions => {
  switch (trust.mode) {
    case "system":
      return { rejectUnauthorized: true }
    case "ca":
      return { rejectUnauthorized: true, ca: trust.pem }
    case "fingerprint":
    case "insecure":
      return { rejectUnauthorized: false }
  }
}

const explainTls = (error: Error): string => {
  const code = codeOf(error)
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return `The camera's certificate is self-signed: pin its fingerprint, or name the CA (${code})`
    case "CERT_HAS_EXPIRED":
      return `The camera's certificate has expired: renew it, or pin its fingerprint (${code})`
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `The camera's certificate is for another name: use that name, or pin its fingerprint (${code})`
    default:
      return `TLS handshake failed: ${code || error.message}`
  }
}

const secure = (address: CameraAddress, trust: TlsTrust, options: ConnectOptions, plain: net.Socket) =>
  Effect.gen(function* () {
    const failure = (reason: SourceErrorReason, detail: string) => new SourceError({ reason, url: address.url, detail })
    const socket = yield* open(() =>
      tls.connect({
        socket: plain,
        host: address.host,
        ...(net.isIP(address.host) === 0 ? { servername: address.host } : {}),
        ...trustOptions(trust)
      })
    )
    yield* waitFor(socket, "secureConnect", (error) =>
      failure("tls", error === undefined ? "The camera closed the connection during the TLS handshake" : explainTls(error))
    ).pipe(
      Effect.timeoutFail({
        duration: options.timeout,
        onTimeout: () => failure("timeout", `No TLS handshake within ${options.timeout} ms`)
      })
    )
    const presented = socket.getPeerCertificate().fingerprint256 ?? "missing"
    if (trust.mode === "fingerprint" && normalise(presented) !== normalise(trust.sha256)) {
      return yield* failure("tls", `The camera's certificate is not the pinned one; its SHA-256 fingerprint is ${presented}`)
    }
    const { onBytes } = options
    if (onBytes !== undefined) socket.on("data", (bytes: Buffer) => onBytes(bytes, bytes.length))
    return socket
  })

/**
 * Connects to a camera, by TLS where the address says so. When it succeeds the certificate has been checked and not one byte of ours
 * was sent. The scope's end destroys the socket.
 */
export const connectCamera = (
  address: CameraAddress,
  options: ConnectOptions
): Effect.Effect<net.Socket, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const plain = yield* connectTcp(address, options)
    return address.tls === undefined ? plain : yield* secure(address, address.tls, options, plain)
  })

/** Host and port of a `rtsp`, `rtsps`, `http` or `https` URL that has been validated. */
export const cameraAddress = (url: URL, defaultPort: number, trust: TlsTrust | undefined, display: string): CameraAddress => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: url.port === "" ? defaultPort : Number(url.port),
  url: display,
  ...(trust === undefined ? {} : { tls: trust })
})
