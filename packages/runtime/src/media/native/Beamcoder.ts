import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** A picture in native memory, until it is released or its wrapper is collected. */
export interface NativeFrame {
  readonly width: number
  readonly height: number
  /** FFmpeg's name of the pixel format. */
  readonly format: string | null
  readonly pts: number | null
  /** Bytes per line of the first plane, padding included. */
  readonly pitch: number
  /** False when the decoder met an error in it, or made up missing parts. */
  readonly sound: boolean
}

/** A frame whose planes are this process's to write. */
export interface WritableFrame extends NativeFrame {
  pts: number
  /** Bytes per line of each plane. */
  readonly linesize: ReadonlyArray<number>
  /** The planes; each access makes new views. */
  readonly data: ReadonlyArray<Uint8Array>
}

export interface NativePacket {
  readonly pts: number | null
  readonly dts: number | null
  readonly duration: number
  readonly size: number
  readonly stream_index: number
  readonly flags: { readonly KEY: boolean; readonly CORRUPT: boolean }
  /** A new view with every access: read it once. */
  readonly data: Uint8Array | null
}

export interface NativeDecoder {
  /** Pictures that it holds back for reordering, as far as it knows by now. */
  readonly has_b_frames: number
  /** The bytes are copied. */
  readonly decode: (bytes: Uint8Array, pts: number) => Promise<{ readonly frames: ReadonlyArray<NativeFrame> }>
  /** Gives the frames that are held back for reordering; the decoder takes no more packets. */
  readonly flush: () => Promise<{ readonly frames: ReadonlyArray<NativeFrame> }>
}

export interface NativeEncoder {
  readonly encode: (frame: NativeFrame) => Promise<{ readonly packets: ReadonlyArray<NativePacket> }>
  readonly flush: () => Promise<{ readonly packets: ReadonlyArray<NativePacket> }>
}

export interface NativeFilterer {
  readonly filter: (frames: ReadonlyArray<NativeFrame>) => Promise<ReadonlyArray<{ readonly frames: ReadonlyArray<NativeFrame> }>>
}

export type Rational = readonly [numerator: number, denominator: number]

export interface NativeStream {
  readonly index: number
  readonly time_base: Rational
  readonly avg_frame_rate: Rational
  readonly r_frame_rate: Rational
  readonly codecpar: {
    readonly codec_type: string
    readonly name: string
    readonly width: number
    readonly height: number
    readonly profile: string | number
    readonly extradata: Uint8Array | null
    readonly sample_rate: number
    readonly channels: number
  }
}

export interface NativeDemuxer {
  readonly streams: ReadonlyArray<NativeStream>
  readonly metadata?: Readonly<Record<string, string>>
  /** Null at the end. */
  readonly read: () => Promise<NativePacket | null>
  readonly forceClose: () => void
}

declare const inputFormat: unique symbol
export interface NativeInputFormat {
  readonly [inputFormat]: never
}

export interface DemuxerOptions {
  readonly url: string
  readonly iformat?: NativeInputFormat
  /** Microseconds. */
  readonly open_timeout: number
  readonly read_timeout: number
  readonly options: Readonly<Record<string, string | number>>
}

/** The part of beamcoder's addon that is used here, as patched by `patches/`. */
export interface Beamcoder {
  readonly logging: (level: "quiet" | "error") => void
  /** Frames come as {@link NativeFrame}, not with an accessor for each of AVFrame's fields. */
  readonly plainFrames: (plain: boolean) => void
  /** Copies the first plane line by line to `bytes` at `offset`, lines `stride` bytes apart. Throws when it does not fit. */
  readonly copyPlane: (frame: NativeFrame, bytes: Uint8Array, offset: number, stride: number, lineBytes: number) => void
  /** Gives the memory back at once. No call may be using the frame, now or later. */
  readonly releaseFrame: (frame: NativeFrame) => void
  /** A frame without planes; `alloc` gives it some. */
  readonly frame: (options: {
    readonly width: number
    readonly height: number
    readonly format: string
    readonly pts: number
  }) => {
    readonly alloc: () => WritableFrame
  }
  readonly decoder: (options: {
    readonly name: string
    readonly thread_count: number
    readonly max_pixels: number
  }) => NativeDecoder
  readonly encoder: (options: Readonly<Record<string, unknown>>) => NativeEncoder
  readonly filterer: (options: {
    readonly filterType: "video"
    readonly inputParams: ReadonlyArray<{
      readonly width: number
      readonly height: number
      readonly pixelFormat: string
      readonly timeBase: Rational
      readonly pixelAspect: Rational
    }>
    readonly outputParams: ReadonlyArray<{ readonly pixelFormat: string }>
    readonly filterSpec: string
  }) => Promise<NativeFilterer>
  readonly demuxer: (options: DemuxerOptions) => Promise<NativeDemuxer>
  readonly demuxers: () => Readonly<Record<string, NativeInputFormat>>
}

let loaded: Beamcoder | undefined

/**
 * The addon itself: the package's own index prints a banner and installs a SIGSEGV handler that breaks in a second thread. Loaded only
 * in media worker processes: a fault in it ends the process.
 */
export const beamcoder = (): Beamcoder => {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url)
    const folder = dirname(require.resolve("beamcoder/package.json"))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the addon has no types of its own; the tests of the media workers check those above
    loaded = require(join(folder, "build", "Release", "beamcoder.node")) as Beamcoder
    loaded.plainFrames(true)
    loaded.logging("quiet")
  }
  return loaded
}

/** A frame to write to; its pixels are undefined until then. */
export const makeWritableFrame = (width: number, height: number, format: string): WritableFrame => {
  beamcoder().plainFrames(false)
  try {
    return beamcoder().frame({ width, height, format, pts: 0 }).alloc()
  } finally {
    beamcoder().plainFrames(true)
  }
}
