import type { MonotonicTime } from "@vigil/core/Time"
import {
  GenericNack,
  PictureLossIndication,
  RtcpPayloadSpecificFeedback,
  type RtcpPacket,
  RtcpReceiverInfo,
  RtcpRrPacket,
  RtcpTransportLayerFeedback
} from "werift"
import type { RtpTrack } from "../../rtp/RtpTrack.js"

/** Packets that are asked for at once. */
const mostMissing = 128
/** Requests for one packet; it has been given up by then. */
const mostRequests = 5
/** Milliseconds between requests for a key frame. */
const keyframeInterval = 1000

interface Request {
  at: MonotonicTime
  times: number
}

export interface FeedbackOptions {
  readonly ssrc: number
  /** Milliseconds between two requests for the same packet. */
  readonly repeat: number
  readonly send: (packets: Array<RtcpPacket>) => void
}

/** What a receiver tells the publisher of one track (RFC 4585): what is missing, that a key frame is needed, how well it receives. */
export class PublisherFeedback {
  /** Requests for key frames that were sent. */
  keyframeRequests = 0
  private readonly track: RtpTrack
  private readonly options: FeedbackOptions
  private readonly requests = new Map<number, Request>()
  private keyframeAsked: number | undefined

  constructor(track: RtpTrack, options: FeedbackOptions) {
    this.track = track
    this.options = options
  }

  /** Asks for packets that are missing and were not asked for just now. */
  askForMissing(now: MonotonicTime): void {
    const { requests, track } = this
    const { source } = track
    if (track.waiting === 0 || source === undefined) {
      if (requests.size > 0) requests.clear()
      return
    }
    const lost = track.missing(mostMissing).filter((sequence) => this.isDue(sequence, now))
    if (lost.length === 0) return
    const { send, ssrc } = this.options
    send([new RtcpTransportLayerFeedback({ feedback: new GenericNack({ senderSsrc: ssrc, mediaSourceSsrc: source, lost }) })])
  }

  /** Asks for a key frame, at most once a second. */
  askForKeyframe(now: MonotonicTime): void {
    const { source } = this.track
    if (source === undefined) return
    if (this.keyframeAsked !== undefined && now - this.keyframeAsked < keyframeInterval) return
    this.keyframeAsked = now
    this.keyframeRequests++
    const { send, ssrc } = this.options
    send([new RtcpPayloadSpecificFeedback({ feedback: new PictureLossIndication({ senderSsrc: ssrc, mediaSsrc: source }) })])
  }

  /** A receiver report (RFC 3550 6.4.2); also the publisher's sign that we live. */
  report(now: MonotonicTime): void {
    const block = this.track.takeReport(now)
    const reports =
      block === undefined
        ? []
        : [
            new RtcpReceiverInfo({
              ssrc: block.ssrc,
              fractionLost: block.fractionLost,
              packetsLost: Math.max(0, block.packetsLost),
              highestSequence: block.highestSequence,
              jitter: block.jitter,
              lsr: block.lastSenderReport,
              dlsr: block.delaySinceSenderReport
            })
          ]
    this.options.send([new RtcpRrPacket({ ssrc: this.options.ssrc, reports })])
  }

  private isDue(sequence: number, now: MonotonicTime): boolean {
    const request = this.requests.get(sequence)
    if (request === undefined) {
      this.requests.set(sequence, { at: now, times: 1 })
      return true
    }
    if (request.times >= mostRequests || now - request.at < this.options.repeat) return false
    request.at = now
    request.times++
    return true
  }
}
