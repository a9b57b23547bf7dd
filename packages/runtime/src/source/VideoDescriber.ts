import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { VideoCodec, VideoTrack } from "@vigil/core/MediaTrack"
import { jpegSize } from "../media/JpegSize.js"
import { isH264ParameterSet } from "../media/nal/H264.js"
import { parseH264Sps } from "../media/nal/H264Sps.js"
import { isH265ParameterSet } from "../media/nal/H265.js"
import { parseH265Sps } from "../media/nal/H265Sps.js"
import type { SequenceParameters } from "../media/nal/SequenceParameters.js"

/** Microseconds over which a frame rate is measured that nobody tells. */
const measuredTime = 2_000_000
/** A set of parameter sets beyond this is damage. */
const maxParameterSets = 16

const parameterSetsOf = (codec: VideoCodec, units: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> =>
  codec === "mjpeg" ? [] : units.filter(codec === "h264" ? isH264ParameterSet : isH265ParameterSet).slice(0, maxParameterSets)

const parametersOf = (codec: VideoCodec, parameterSets: ReadonlyArray<Uint8Array>): SequenceParameters | undefined => {
  const parse = codec === "h264" ? parseH264Sps : parseH265Sps
  for (const unit of parameterSets) {
    const parameters = parse(unit)
    if (parameters !== undefined) return parameters
  }
  return undefined
}

const sameBytes = (a: ReadonlyArray<Uint8Array>, b: ReadonlyArray<Uint8Array>): boolean =>
  a.length === b.length && a.every((unit, index) => Buffer.compare(unit, b[index] ?? new Uint8Array()) === 0)

/** What is known of a video track; becomes more precise with the parameter sets and frames that come. */
export class VideoDescriber {
  private current: VideoTrack
  private readonly announcedRate: number | undefined
  private firstTime: number | undefined
  private frames = 0

  /** `parameterSets` and `frameRate` as the SDP announces them. */
  constructor(codec: VideoCodec, parameterSets: ReadonlyArray<Uint8Array> = [], frameRate?: number) {
    this.announcedRate = frameRate
    this.current = { kind: "video", codec, parameterSets: [] }
    this.take(parameterSets)
  }

  get track(): VideoTrack {
    return this.current
  }

  observe(unit: AccessUnit): void {
    if (unit.keyframe) this.observeKeyframe(unit)
    if (this.current.framesPerSecond === undefined) this.measure(unit)
  }

  private observeKeyframe(unit: AccessUnit): void {
    const { codec } = this.current
    const [first] = unit.units
    if (codec === "mjpeg") {
      const size = first === undefined ? undefined : jpegSize(first)
      if (size !== undefined && (size.width !== this.current.width || size.height !== this.current.height)) {
        this.current = { ...this.current, ...size }
      }
      return
    }
    const parameterSets = parameterSetsOf(codec, unit.units)
    if (parameterSets.length > 0 && !sameBytes(parameterSets, this.current.parameterSets)) this.take(parameterSets)
  }

  private take(parameterSets: ReadonlyArray<Uint8Array>): void {
    const { codec } = this.current
    const parameters = parametersOf(codec, parameterSets)
    const framesPerSecond = parameters?.framesPerSecond ?? this.announcedRate
    this.current = {
      kind: "video",
      codec,
      ...(parameters === undefined ? {} : { profile: parameters.profile, width: parameters.width, height: parameters.height }),
      ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
      parameterSets: parameterSets.map((unit) => new Uint8Array(unit))
    }
  }

  private measure(unit: AccessUnit): void {
    this.firstTime ??= unit.mediaTime
    const passed = unit.mediaTime - this.firstTime
    if (passed >= measuredTime) {
      this.current = { ...this.current, framesPerSecond: Math.round((this.frames * 100_000_000) / passed) / 100 }
    }
    this.frames++
  }
}
