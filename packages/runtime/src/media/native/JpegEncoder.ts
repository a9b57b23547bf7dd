import { beamcoder } from "./Beamcoder.js"
import { makePictureScaler } from "./PictureScaler.js"
import type { Picture } from "./VideoDecoder.js"

/** FFmpeg's FF_QP2LAMBDA: quantiser 3 is about JPEG quality 90. */
const globalQuality = 3 * 118

/** A picture as a JPEG image of its own size. */
export const encodeJpeg = async (picture: Picture): Promise<Uint8Array> => {
  const { height, width } = picture
  const frame = await makePictureScaler().scale(picture, { width, height, format: "yuvj420p" })
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
  beamcoder().releaseFrame(frame)
  const data = packets[0]?.data
  if (data === undefined || data === null) throw new Error("the JPEG encoder gave no image")
  return Uint8Array.from(data)
}
