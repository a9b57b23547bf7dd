import type { Size } from "@vigil/core/geometry/BoundingBox"
import { type Overlay, rtpTimestamp } from "@vigil/core/Overlay"
import type { Track } from "@vigil/core/Track"

/** Milliseconds after which a track's box is no longer drawn, for lack of a newer overlay. */
export const longestHold = 1_500
/** Milliseconds over which a box is moved on by its track's velocity at the most. */
export const longestExtrapolation = 600
const capacity = 64

/** The tracks to draw over one frame, boxes moved to where they are at that frame, in pixels of a picture of `size`. */
export interface FrameOverlay {
  readonly size: Size
  readonly tracks: ReadonlyArray<Track>
  /** Milliseconds between the overlay's frame and the shown one. */
  readonly age: number
}

interface Held {
  readonly overlay: Overlay
  readonly rtp: number
  readonly arrived: number
}

export interface OverlayBuffer {
  /** `now`: the page's monotonic milliseconds. */
  readonly push: (overlay: Overlay, now: number) => void
  /**
   * What belongs to the frame with this RTP time stamp: the newest overlay that is not later than it. A browser that does not tell
   * the time stamp gets the newest overlay by its arrival.
   */
  readonly at: (rtp: number | undefined, now: number) => FrameOverlay | undefined
  readonly clear: () => void
}

/** Milliseconds from one 90 kHz RTP time stamp to another; right over the 32-bit wrap for up to 6.6 hours. */
export const rtpMilliseconds = (from: number, to: number): number => ((to - from) | 0) / 90

const drawn = (track: Track): boolean => track.state !== "tentative"

const clampedBox = (track: Track, seconds: number, size: Size): Track => {
  const { width, height } = track.box
  const x = Math.min(size.width - width / 2, Math.max(-width / 2, track.box.x + track.velocity.x * seconds))
  const y = Math.min(size.height - height / 2, Math.max(-height / 2, track.box.y + track.velocity.y * seconds))
  return { ...track, box: { x, y, width, height } }
}

/** An overlay's tracks `age` milliseconds later; nothing once it is too old. */
export const extrapolate = (overlay: Overlay, age: number): FrameOverlay | undefined => {
  if (age < 0 || age > longestHold) return undefined
  const seconds = Math.min(age, longestExtrapolation) / 1_000
  return {
    size: overlay.size,
    tracks: overlay.tracks.filter(drawn).map((track) => clampedBox(track, seconds, overlay.size)),
    age
  }
}

/** Holds the newest overlays of one camera in the order of their frames. */
export const makeOverlayBuffer = (): OverlayBuffer => {
  let held: Array<Held> = []
  const newestNotLaterThan = (rtp: number): Held | undefined => {
    for (let index = held.length - 1; index >= 0; index--) {
      const candidate = held[index]
      if (candidate !== undefined && rtpMilliseconds(candidate.rtp, rtp) >= 0) return candidate
    }
    return undefined
  }
  return {
    push: (overlay, now) => {
      const last = held.at(-1)
      // Media time starts again after the camera was opened anew: what is held belongs to frames that will not come any more.
      if (last !== undefined && overlay.mediaTime < last.overlay.mediaTime) held = []
      held.push({ overlay, rtp: rtpTimestamp(overlay.mediaTime), arrived: now })
      if (held.length > capacity) held.shift()
    },
    at: (rtp, now) => {
      const found = rtp === undefined ? held.at(-1) : newestNotLaterThan(rtp)
      if (found === undefined) return undefined
      return extrapolate(found.overlay, rtp === undefined ? now - found.arrived : rtpMilliseconds(found.rtp, rtp))
    },
    clear: () => {
      held = []
    }
  }
}
