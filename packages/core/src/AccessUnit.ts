import type { MediaTime, MonotonicTime, WallClockOrigin, WallTime } from "./Time.js"

/**
 * One coded picture, or one coded audio frame, as the camera sent it. Travels by plain callbacks on the hot path and is shared by
 * all readers: nobody may change it.
 */
export interface AccessUnit {
  /** Index in `SourceDescription.tracks`. */
  readonly track: number
  readonly kind: "video" | "audio"
  /**
   * H.264, H.265: NAL units without start codes, in decoding order (parameter sets included where the camera sends them).
   * MJPEG: one complete JFIF image. Audio: one frame (AAC without ADTS header, G.711 samples, an Opus packet).
   */
  readonly units: ReadonlyArray<Uint8Array>
  /** Decoding can start here (IDR, CRA or BLA picture; every MJPEG image; every audio frame). */
  readonly keyframe: boolean
  /** Bytes are missing or reference pictures were lost before it; a decoder should wait for the next key frame. */
  readonly damaged: boolean
  /** Presentation time. */
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly wallClockOrigin: WallClockOrigin
  /** When its last byte reached us. */
  readonly received: MonotonicTime
}

/** Bytes of the coded picture, start codes not counted. */
export const byteLength = (unit: AccessUnit): number => {
  let bytes = 0
  for (const part of unit.units) bytes += part.byteLength
  return bytes
}
