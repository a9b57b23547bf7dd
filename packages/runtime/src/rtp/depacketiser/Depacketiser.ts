import type { RtpPacket } from "../RtpPacket.js"

/** What a depacketiser puts together: an access unit without its times. */
export interface Frame {
  readonly units: ReadonlyArray<Uint8Array>
  /** RTP time stamp, 32 bits. */
  readonly timestamp: number
  readonly keyframe: boolean
  readonly damaged: boolean
}

export interface FrameSink {
  readonly onFrame: (frame: Frame) => void
  /** A frame could not be put together and is left out. */
  readonly onBrokenFrame: () => void
}

/** Puts the payloads of one RTP stream together. Never throws; copies what it keeps of a packet. */
export interface Depacketiser {
  /** Takes packets in order; `lost` says that some are missing right before this one. */
  readonly push: (packet: RtpPacket, lost: boolean) => void
}

/** Bytes that one access unit may have; larger ones are left out. */
export const maxFrameBytes = 16 * 1024 * 1024
