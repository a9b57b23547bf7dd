import type { VideoCodec } from "@vigil/core/MediaTrack"
import { beamcoder, type NativeDecoder, type NativeFrame } from "./Beamcoder.js"

/** A decoded picture, in native memory: whoever has it last calls {@link release}. */
export interface Picture {
  readonly native: NativeFrame
  /** What {@link VideoDecoder.decode} was given with the picture's bytes. */
  readonly key: number
  readonly width: number
  readonly height: number
  readonly format: string
  /** False when the decoder made up missing parts. */
  readonly sound: boolean
}

/** Gives a picture's memory back to its decoder, which uses it for the next one. Nobody may read the picture any more. */
export const release = (picture: Picture): void => beamcoder().releaseFrame(picture.native)

export interface Decoded {
  /** In presentation order. */
  readonly pictures: ReadonlyArray<Picture>
  /** The decoder's complaint, when it refused the bytes. */
  readonly error?: string
}

/**
 * One decoder. Calls are queued one behind the other, because two at once crash; empty input is refused, because it would drain the
 * decoder; a refusal of the bytes is told as `error`, never thrown.
 */
export interface VideoDecoder {
  /** Pictures that it may hold back for reordering. */
  readonly delay: () => number
  readonly decode: (bytes: Uint8Array, key: number) => Promise<Decoded>
  /** The pictures held back for reordering. The decoder cannot be used afterwards. */
  readonly finish: () => Promise<Decoded>
}

const names: Record<VideoCodec, string> = { h264: "h264", h265: "hevc", mjpeg: "mjpeg" }

/** Larger pictures are refused: one frame of a forged 16k stream takes 400 MB. */
const largestPicture = 8192 * 4608

const queueLimit = 64

const toPictures = (frames: ReadonlyArray<NativeFrame>): ReadonlyArray<Picture> => {
  const pictures: Array<Picture> = []
  for (const native of frames) {
    const { format, height, pts: key, width } = native
    if (key === null || format === null || width <= 0 || height <= 0) beamcoder().releaseFrame(native)
    else pictures.push({ native, key, width, height, format, sound: native.sound })
  }
  return pictures
}

export const openVideoDecoder = (codec: VideoCodec): VideoDecoder => {
  const native: NativeDecoder = beamcoder().decoder({ name: names[codec], thread_count: 1, max_pixels: largestPicture })
  let queued = 0
  let finished = false
  let tail: Promise<unknown> = Promise.resolve()

  const enqueue = (call: () => Promise<{ readonly frames: ReadonlyArray<NativeFrame> }>): Promise<Decoded> => {
    queued++
    const result = tail
      .then(call)
      .then(
        ({ frames }): Decoded => ({ pictures: toPictures(frames) }),
        (error: unknown): Decoded => ({ pictures: [], error: error instanceof Error ? error.message : String(error) })
      )
      .finally(() => queued--)
    tail = result
    return result
  }

  const refuse = (error: string): Promise<Decoded> => Promise.resolve({ pictures: [], error })

  return {
    delay: () => native.has_b_frames,
    decode: (bytes, key) => {
      if (finished) return refuse("the decoder was finished")
      if (bytes.length === 0) return refuse("empty access unit")
      if (queued >= queueLimit) return refuse(`more than ${queueLimit} pictures wait for the decoder`)
      return enqueue(() => native.decode(bytes, key))
    },
    finish: () => {
      if (finished) return refuse("the decoder was finished")
      finished = true
      return enqueue(() => native.flush())
    }
  }
}

/** Decodes one picture that needs no other, with a decoder of its own: nothing is held back for reordering. */
export const decodeAlone = async (codec: VideoCodec, bytes: Uint8Array, key: number): Promise<Decoded> => {
  const decoder = openVideoDecoder(codec)
  const first = await decoder.decode(bytes, key)
  if (first.error !== undefined || first.pictures.length > 0) return first
  return decoder.finish()
}
