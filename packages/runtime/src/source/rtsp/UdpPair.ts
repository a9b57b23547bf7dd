import * as dgram from "node:dgram"
import * as net from "node:net"
import { SourceError } from "@vigil/core/Source"
import { Effect, type Scope } from "effect"
import { closeOnFailure } from "../CloseOnFailure.js"

/** Sockets on an even port for RTP and the odd one behind it for RTCP (RFC 3550 11). */
export interface UdpPair {
  readonly rtpPort: number
  /** From when on datagrams of these addresses are taken; others are left out. */
  readonly accept: (addresses: ReadonlyArray<string>) => void
  readonly sendRtp: (payload: Uint8Array, port: number, address: string) => void
  readonly sendRtcp: (payload: Uint8Array, port: number, address: string) => void
}

export interface UdpPairOptions {
  readonly url: string
  /** The interface that the RTSP connection uses. */
  readonly localAddress: string
  readonly onRtp: (packet: Buffer) => void
  readonly onRtcp: (packet: Buffer) => void
  readonly onError: (detail: string) => void
}

const attempts = 50
/** A key frame comes as one burst of packets; the kernel has to hold it. */
const receiveBufferBytes = 2 * 1024 * 1024

const bind = (address: string, port: number) =>
  Effect.acquireRelease(
    Effect.async<dgram.Socket, Error>((resume) => {
      const socket = dgram.createSocket({ type: net.isIPv6(address) ? "udp6" : "udp4", recvBufferSize: receiveBufferBytes })
      const onError = (error: Error) => {
        socket.close()
        resume(Effect.fail(error))
      }
      socket.once("error", onError)
      socket.bind({ port, address, exclusive: true }, () => {
        socket.off("error", onError)
        resume(Effect.succeed(socket))
      })
    }),
    (socket) =>
      Effect.async<void>((resume) => {
        socket.close(() => resume(Effect.void))
      })
  )

/** An even port that is likely to be free, outside of what systems give to outgoing connections. */
const randomEvenPort = (): number => 16_384 + Math.floor(Math.random() * 8000) * 2

const bindPair = (address: string) =>
  Effect.gen(function* () {
    const port = randomEvenPort()
    return { port, rtp: yield* bind(address, port), rtcp: yield* bind(address, port + 1) }
  })

export const openUdpPair = (options: UdpPairOptions): Effect.Effect<UdpPair, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { port, rtcp, rtp } = yield* closeOnFailure(bindPair(options.localAddress)).pipe(
      Effect.retry({ times: attempts }),
      Effect.mapError(
        (error) =>
          new SourceError({
            reason: "device",
            url: options.url,
            detail: `No pair of free UDP ports after ${attempts} tries: ${error.message}`
          })
      )
    )
    let accepted: ReadonlySet<string> = new Set()
    const listen = (socket: dgram.Socket, take: (packet: Buffer) => void) => {
      socket.on("message", (packet, sender) => {
        if (accepted.has(sender.address)) take(packet)
      })
      socket.on("error", (error) => options.onError(`UDP: ${error.message}`))
    }
    listen(rtp, options.onRtp)
    listen(rtcp, options.onRtcp)
    // A datagram that cannot be sent is lost like any other.
    const sendBy = (socket: dgram.Socket) => (payload: Uint8Array, to: number, address: string) =>
      socket.send(payload, to, address, () => {})
    return {
      rtpPort: port,
      accept: (addresses) => {
        accepted = new Set(addresses)
      },
      sendRtp: sendBy(rtp),
      sendRtcp: sendBy(rtcp)
    }
  })
