import { beamcoder } from "./Beamcoder.js"
import type { PrivacyMask } from "../../vision/PrivacyMask.js"
import { makePlanarPictures } from "./PlanarPictures.js"
import type { Picture } from "./VideoDecoder.js"

/** FFmpeg's FF_QP2LAMBDA: quantiser 3 is about JPEG quality 90. */
const globalQuality = 3 * 118

/** A picture as a JPEG image of its own size, without what the privacy mask hides. */
export const encodeJpeg = async (picture: Picture, mask: PrivacyMask): Promise<Uint8Array> => {
  const { height, width } = picture
  const frame = await makePlanarPictures(mask, "yuvj420p").read(picture, { width, height })
  const encoder = beamcoder().encoder({
    name: "mjpeg",
    width,
    height,
    pix_fmt: "yuvj420p",
    time_base: [1, 25],
    flags: { QSCALE: true },
    global_quality: globalQuality,
    thread_count: 1
  })
  const { packets } = await encoder.encode(frame)
  const data = packets[0]?.data
  if (data === undefined || data === null) throw new Error("the JPEG encoder gave no image")
  return Uint8Array.from(data)
}
