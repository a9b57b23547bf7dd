import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { MediaTime } from "@vigil/core/Time"
import type { PrivacyMask } from "../../vision/PrivacyMask.js"
import { splitAnnexB } from "../demux/AnnexB.js"
import { beamcoder, type NativeEncoder } from "../native/Beamcoder.js"
import { makePlanarPictures } from "../native/PlanarPictures.js"
import type { Picture } from "../native/VideoDecoder.js"

/** A picture coded anew, as H.264; its NAL units without start codes, parameter sets before a key frame. */
export interface EncodedPicture {
  readonly units: ReadonlyArray<Uint8Array>
  readonly keyframe: boolean
  readonly mediaTime: MediaTime
}

/** Codes a camera's pictures for its viewers, without what the privacy mask hides. Begins with a key frame. */
export interface LiveEncoder {
  readonly encode: (picture: Picture, mediaTime: MediaTime) => Promise<EncodedPicture | undefined>
}

/** Larger pictures are scaled down: coding takes 3 to 5 ms for one of this size. */
const largest: Size = { width: 1280, height: 720 }
const clockRate = 90_000
/** Pictures between key frames: who comes later begins with the newest. */
const keyframeDistance = 30
/** Bits a second at the most, and bits by which a picture may exceed that; told to the encoder by pictures of this rate. */
const rate = { bits: 4_000_000, window: 2_000_000 }
const assumedRate = 25

const even = (length: number): number => Math.max(2, Math.floor(length / 2) * 2)

const sizeFor = ({ height, width }: Size): Size => {
  const scale = Math.min(1, largest.width / width, largest.height / height)
  return { width: even(width * scale), height: even(height * scale) }
}

const openEncoder = ({ height, width }: Size): NativeEncoder =>
  beamcoder().encoder({
    name: "libx264",
    width,
    height,
    pix_fmt: "yuv420p",
    time_base: [1, clockRate],
    framerate: [assumedRate, 1],
    gop_size: keyframeDistance,
    max_b_frames: 0,
    thread_count: 1,
    rc_max_rate: rate.bits,
    rc_buffer_size: rate.window,
    priv_data: { preset: "ultrafast", tune: "zerolatency", profile: "baseline", crf: 23 }
  })

export const makeLiveEncoder = (mask: PrivacyMask): LiveEncoder => {
  const pictures = makePlanarPictures(mask, "yuv420p")
  let open: { readonly encoder: NativeEncoder; readonly size: Size } | undefined
  let last = Number.NEGATIVE_INFINITY

  return {
    encode: async (picture, mediaTime) => {
      const size = sizeFor(picture)
      const time = Math.round((mediaTime * clockRate) / 1_000_000)
      const isNext = time > last && open?.size.width === size.width && open.size.height === size.height
      const { encoder } = isNext && open !== undefined ? open : (open = { encoder: openEncoder(size), size })
      last = time
      const frame = await pictures.read(picture, size)
      frame.pts = time
      const { packets } = await encoder.encode(frame)
      const [packet] = packets
      const data = packet?.data
      if (packet === undefined || data === null || data === undefined) return undefined
      // The packet's memory goes with it.
      return { units: splitAnnexB(Uint8Array.from(data)), keyframe: packet.flags.KEY, mediaTime }
    }
  }
}
