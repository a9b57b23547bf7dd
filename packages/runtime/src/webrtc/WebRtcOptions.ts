import { Config } from "effect"
import type { PeerConfig } from "werift"

/** How this process is reached over WebRTC. */
export interface WebRtcOptions {
  /** Addresses that are offered besides those of the network interfaces; loopback is one for a browser on this machine. */
  readonly addresses: ReadonlyArray<string>
  /** UDP ports that may be used. */
  readonly ports: readonly [number, number] | undefined
  readonly iceServers: ReadonlyArray<{ readonly urls: string; readonly username?: string; readonly credential?: string }>
}

const portRange = Config.string("VIGIL_WEBRTC_PORTS").pipe(
  Config.mapAttempt((text): readonly [number, number] => {
    const [from, to] = text.split("-").map(Number)
    if (from === undefined || to === undefined || !(from > 0 && from < to && to < 65_536)) {
      throw new Error("VIGIL_WEBRTC_PORTS must be two UDP ports, for example 50000-50100")
    }
    return [from, to]
  }),
  Config.withDefault(undefined)
)

const iceServers = Config.array(Config.string(), "VIGIL_ICE_SERVERS").pipe(
  Config.map((urls) => urls.map((url) => ({ urls: url }))),
  Config.withDefault([])
)

/** From `VIGIL_WEBRTC_ADDRESSES` (comma separated), `VIGIL_WEBRTC_PORTS` (from-to) and `VIGIL_ICE_SERVERS`. */
export const webRtcConfig: Config.Config<WebRtcOptions> = Config.all({
  addresses: Config.array(Config.string(), "VIGIL_WEBRTC_ADDRESSES").pipe(Config.withDefault(["127.0.0.1"])),
  ports: portRange,
  iceServers
})

/** The same in werift's words. */
export const peerConfig = ({ addresses, iceServers, ports }: WebRtcOptions): Partial<PeerConfig> => ({
  iceServers: iceServers.map((server) => ({ ...server })),
  iceUseIpv6: false,
  iceAdditionalHostAddresses: [...addresses],
  ...(ports === undefined ? {} : { icePortRange: [ports[0], ports[1]] })
})
