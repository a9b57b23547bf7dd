import { type NalCodec, pushUnit } from "./NalPackets.js"

interface NalTypes {
  readonly typeOf: (unit: Uint8Array) => number
  readonly sequenceParameters: number
  readonly parameters: ReadonlySet<number>
  /** Delimiters, SEI, filler and ends of streams mean nothing to a receiver. */
  readonly superfluous: ReadonlySet<number>
}

const nalTypes: Readonly<Record<NalCodec, NalTypes>> = {
  h264: {
    typeOf: (unit) => (unit[0] ?? 0) & 0x1f,
    sequenceParameters: 7,
    parameters: new Set([7, 8]),
    superfluous: new Set([6, 9, 10, 11, 12])
  },
  h265: {
    typeOf: (unit) => ((unit[0] ?? 0) >> 1) & 0x3f,
    sequenceParameters: 33,
    parameters: new Set([32, 33, 34]),
    superfluous: new Set([35, 36, 37, 38, 39, 40])
  }
}

/**
 * Cuts pictures into RTP payloads: H.264 in packetization mode 1 (RFC 6184) or H.265 (RFC 7798). Parameter sets go before every key frame, also
 * where the camera tells them only in its SDP.
 */
export class PicturePacketiser {
  private readonly codec: NalCodec
  private sets: ReadonlyArray<Uint8Array>

  /** `parameterSets` as the source's description tells them; those in the stream take their place. */
  constructor(codec: NalCodec, parameterSets: ReadonlyArray<Uint8Array> = []) {
    this.codec = codec
    this.sets = parameterSets
  }

  /** The payloads of one picture, each for a packet of its own. */
  packetise(units: ReadonlyArray<Uint8Array>, keyframe: boolean): ReadonlyArray<Buffer> {
    const { codec } = this
    const { parameters, sequenceParameters, superfluous, typeOf } = nalTypes[codec]
    const payloads: Array<Buffer> = []
    if (units.some((unit) => typeOf(unit) === sequenceParameters)) {
      this.sets = units.filter((unit) => parameters.has(typeOf(unit)))
    } else if (keyframe) for (const set of this.sets) pushUnit(codec, set, payloads)
    for (const unit of units) if (unit.length > 1 && !superfluous.has(typeOf(unit))) pushUnit(codec, unit, payloads)
    return payloads
  }
}
