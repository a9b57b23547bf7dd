import type { AccessUnit } from "@vigil/core/AccessUnit"
import {
  GenericNack,
  PictureLossIndication,
  type RtcpPacket,
  RtcpPayloadSpecificFeedback,
  RtcpTransportLayerFeedback,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpTransceiver
} from "werift"
import { now } from "../MonotonicClock.js"
import { PicturePacketiser } from "../rtp/packetiser/PicturePacketiser.js"
import { followPeer } from "../webrtc/PeerLife.js"
import { peerConfig, type WebRtcOptions } from "../webrtc/WebRtcOptions.js"
import { type OutgoingPacket, OutgoingStream } from "./OutgoingStream.js"
import { Pacer } from "./Pacer.js"
import type { PublishedTrack, PublishedTracks } from "./PublishedTracks.js"

export interface PublishingStatistics {
  readonly packets: number
  readonly bytes: number
  readonly packetsRepeated: number
  /** Pictures that were left out because the way to the server is too slow. */
  readonly picturesDropped: number
  /** Key frames that the server asked for. */
  readonly keyframeRequests: number
}

/** The sending end of a WebRTC connection, from its offer on. */
export interface PublishingConnection {
  readonly offer: string
  /** Takes the server's answer; rejects when it makes no sense. */
  readonly accept: (answer: string) => Promise<void>
  /** Resolves once media can be sent; never rejects. */
  readonly connected: Promise<void>
  /** Resolves once, with why it ended in a sentence. */
  readonly ended: Promise<string>
  /** Sends an access unit: from the first key frame on, once connected. */
  readonly send: (unit: AccessUnit) => void
  readonly statistics: () => PublishingStatistics
  readonly close: () => void
}

export interface PublishingOptions {
  readonly webRtc: WebRtcOptions
  /** Milliseconds without any report of the server after which it is gone. */
  readonly silence: number
  readonly onKeyframeRequest: () => void
}

const reportInterval = 1000

const codecOf = ({ channels, clockRate, mimeType, parameters, payloadType }: PublishedTrack) =>
  new RTCRtpCodecParameters({
    mimeType,
    clockRate,
    rtcpFeedback: mimeType.startsWith("video/") ? [{ type: "nack" }, { type: "nack", parameter: "pli" }] : [],
    ...(payloadType === undefined ? {} : { payloadType }),
    ...(channels === undefined ? {} : { channels }),
    ...(parameters === undefined ? {} : { parameters })
  })

/** Sends a camera's access units, the first of them a key frame, and packets again that the server misses. */
class Sender {
  picturesDropped = 0
  keyframeRequests = 0
  heard = now()
  private readonly tracks: PublishedTracks
  private readonly video: OutgoingStream
  private readonly audio: OutgoingStream | undefined
  private readonly packetiser: PicturePacketiser
  private readonly transport: RTCRtpTransceiver["dtlsTransport"]
  private readonly pacer = new Pacer<OutgoingPacket>((packet) => this.transmit(packet), now)
  private begun = false

  constructor(tracks: PublishedTracks, video: RTCRtpTransceiver, audio: RTCRtpTransceiver | undefined) {
    this.tracks = tracks
    this.transport = video.dtlsTransport
    this.packetiser = new PicturePacketiser(tracks.video.codec, tracks.video.parameterSets)
    const streamOf = (transceiver: RTCRtpTransceiver, { clockRate }: PublishedTrack) =>
      new OutgoingStream(transceiver.sender.ssrc, transceiver.codecs[0]?.payloadType ?? 0, clockRate)
    this.video = streamOf(video, tracks.video)
    this.audio = audio === undefined || tracks.audio === undefined ? undefined : streamOf(audio, tracks.audio)
  }

  send(unit: AccessUnit): void {
    if (unit.track === this.tracks.video.index) this.sendPicture(unit)
    else if (this.audio !== undefined && unit.track === this.tracks.audio?.index && this.begun) this.sendSound(this.audio, unit)
  }

  onRtcp(packet: RtcpPacket, onKeyframeRequest: () => void): void {
    this.heard = now()
    if (packet instanceof RtcpTransportLayerFeedback && packet.feedback instanceof GenericNack) this.repeat(packet.feedback)
    if (packet instanceof RtcpPayloadSpecificFeedback && packet.feedback instanceof PictureLossIndication) {
      this.keyframeRequests++
      onKeyframeRequest()
    }
  }

  report(): void {
    const reports = [this.video.report(), this.audio?.report()].filter((report) => report !== undefined)
    if (reports.length > 0) this.sendRtcp(reports)
  }

  statistics(): PublishingStatistics {
    const { audio, keyframeRequests, picturesDropped, video } = this
    return {
      packets: video.packets + (audio?.packets ?? 0),
      bytes: video.bytes + (audio?.bytes ?? 0),
      packetsRepeated: video.repeated + (audio?.repeated ?? 0),
      picturesDropped,
      keyframeRequests
    }
  }

  stop(): void {
    this.pacer.stop()
  }

  private sendPicture(unit: AccessUnit): void {
    if (!this.begun && (!unit.keyframe || unit.damaged)) return
    const first = !this.begun
    this.begun = true
    this.video.date(unit.mediaTime, unit.wallTime)
    // The server dates its first picture by the first report, so that comes before it.
    if (first) this.report()
    const payloads = this.packetiser.packetise(unit.units, unit.keyframe)
    if (this.pacer.push(this.video.packetsOf(payloads, unit.mediaTime, true))) return
    this.picturesDropped++
    this.begun = false
  }

  private sendSound(stream: OutgoingStream, unit: AccessUnit): void {
    stream.date(unit.mediaTime, unit.wallTime)
    const payloads = unit.units.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    this.pacer.push(stream.packetsOf(payloads, unit.mediaTime, false))
  }

  private repeat({ lost, mediaSourceSsrc }: GenericNack): void {
    const stream = [this.video, this.audio].find((candidate) => candidate?.ssrc === mediaSourceSsrc)
    if (stream === undefined) return
    for (const sequence of lost) {
      const packet = stream.again(sequence)
      if (packet !== undefined) void this.transport.sendRtp(packet.payload, stream.write(packet))
    }
  }

  private transmit(packet: OutgoingPacket): void {
    // werift's promise tells nothing: it never rejects, and what is lost is asked for again.
    void this.transport.sendRtp(packet.payload, packet.stream.headerOf(packet))
  }

  private sendRtcp(packets: Array<RtcpPacket>): void {
    // swallowed: a report that is lost is followed by another
    if (this.transport.state === "connected") this.transport.sendRtcp(packets).catch(() => undefined)
  }
}

/** Offers a camera's tracks. Nothing is left behind when it rejects. */
export const offerTracks = async (tracks: PublishedTracks, options: PublishingOptions): Promise<PublishingConnection> => {
  const peer = new RTCPeerConnection({
    bundlePolicy: "max-bundle",
    codecs: { video: [codecOf(tracks.video)], audio: tracks.audio === undefined ? [] : [codecOf(tracks.audio)] },
    headerExtensions: {},
    ...peerConfig(options.webRtc)
  })
  const timers: Array<NodeJS.Timeout> = []
  let sender: Sender | undefined
  let live = false
  const { connected, end, ended, isOver } = followPeer(
    peer,
    {
      failed: "No way to the server's media was found: are its UDP ports of WebRTC open?",
      lost: "The server is gone: it answers no connectivity check any more"
    },
    () => {
      for (const timer of timers) clearInterval(timer)
      sender?.stop()
    }
  )
  const begin = (ready: Sender) => {
    if (isOver()) return
    live = true
    ready.heard = now()
    timers.push(
      setInterval(() => ready.report(), reportInterval),
      setInterval(() => {
        if (now() - ready.heard > options.silence) end(`The server has sent no report for ${options.silence} ms`)
      }, options.silence / 4)
    )
  }
  try {
    const video = peer.addTransceiver("video", { direction: "sendonly" })
    const audio = tracks.audio === undefined ? undefined : peer.addTransceiver("audio", { direction: "sendonly" })
    await peer.setLocalDescription(await peer.createOffer())
    const offer = peer.localDescription?.sdp
    if (offer === undefined) throw new Error("there is nothing to offer")
    return {
      offer,
      accept: async (answer) => {
        await peer.setRemoteDescription({ type: "answer", sdp: answer })
        const taken = audio?.currentDirection === "sendonly" ? audio : undefined
        const made = new Sender(tracks, video, taken)
        sender = made
        video.dtlsTransport.onRtcp.subscribe((packet) => made.onRtcp(packet, options.onKeyframeRequest))
        void connected.then(() => begin(made))
      },
      connected,
      ended,
      send: (unit) => {
        if (live && !isOver()) sender?.send(unit)
      },
      statistics: () =>
        sender?.statistics() ?? { packets: 0, bytes: 0, packetsRepeated: 0, picturesDropped: 0, keyframeRequests: 0 },
      close: () => end("It was closed here")
    }
  } catch (error) {
    end("It could not be offered")
    throw error
  }
}
