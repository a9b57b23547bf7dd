import type { RtpPacket } from "../RtpPacket.js"
import type { FrameSink } from "./Depacketiser.js"
import { UnitBuffer } from "./UnitBuffer.js"

/** What putting pictures together has to know of a codec. */
export interface NalCodec {
  readonly typeOf: (firstByte: number) => number
  readonly isSlice: (type: number) => boolean
  readonly isParameterSet: (type: number) => boolean
  readonly isRandomAccess: (type: number) => boolean
  /** The byte of a slice whose highest bit says that the slice begins a picture. */
  readonly firstSliceByte: number
}

/**
 * Puts NAL units together to access units, for H.264 and H.265 alike.
 *
 * A picture ends with the marker bit or where the time stamp changes. Cameras set the marker on parameter sets, too, or give those
 * another time stamp: units without a slice are kept for the picture that follows. Cameras that set the marker on each slice are found out
 * by a slice in the middle of a picture that seemed to be finished; for them only the time stamp counts from then on. Servers that repeat
 * the parameter sets before each slice of a picture confuse decoders (ITU-T H.264 7.4.1.2.3): the repetitions are left out.
 *
 * After a loss everything is `damaged` up to the next whole random access picture, and so is everything before the first one.
 */
export class PictureAssembler {
  private readonly codec: NalCodec
  private readonly sink: FrameSink
  private readonly units = new UnitBuffer()
  private timestamp = 0
  private finishedTimestamp = -1
  private inFragment = false
  /** Packets are missing right before this picture's first one, which may have been its own. */
  private startUncertain = false
  private keyframeFirstType = -1
  private hasSlice = false
  private randomAccess = false
  private beginsPicture = false
  private damaged = false
  private referencesLost = true
  private markerCounts = true

  constructor(codec: NalCodec, sink: FrameSink) {
    this.codec = codec
    this.sink = sink
  }

  /** Before a packet's units. */
  arrive(packet: RtpPacket, lost: boolean): void {
    if (lost) {
      this.referencesLost = true
      this.dropFragment()
      if (this.units.count > 0) this.damaged = true
    }
    if (packet.timestamp !== this.timestamp) {
      this.dropFragment()
      if (this.hasSlice) this.finish()
      this.timestamp = packet.timestamp
    }
    if (lost && this.units.count === 0) this.startUncertain = true
  }

  /** After a packet's units. */
  leave(packet: RtpPacket): void {
    if (packet.marker && this.markerCounts && this.hasSlice && !this.inFragment) this.finish()
    if (this.units.overflown) this.abandon()
  }

  /** A whole unit. */
  unit(bytes: Buffer, from: number, to: number): void {
    this.dropFragment()
    if (to <= from) return this.damage()
    this.units.begin()
    this.units.append(bytes, from, to)
    this.completeUnit()
  }

  /** The first piece of a unit. `header` is the unit's own header, of which two bytes are used when `wide`. */
  beginFragment(header: number, wide: boolean): void {
    this.dropFragment()
    this.inFragment = true
    this.units.begin()
    if (wide) this.units.appendByte(header >> 8)
    this.units.appendByte(header & 0xff)
  }

  /** A further piece; the last one when `end`. Without a beginning it is left out. */
  continueFragment(bytes: Buffer, from: number, to: number, end: boolean): void {
    if (!this.inFragment) return this.damage()
    this.units.append(bytes, from, to)
    if (!end) return
    this.inFragment = false
    this.completeUnit()
  }

  /** Something cannot be read or is missing. */
  damage(): void {
    this.damaged = true
    this.referencesLost = true
  }

  private dropFragment(): void {
    if (!this.inFragment) return
    this.inFragment = false
    this.units.dropLast()
    this.damage()
  }

  private completeUnit(): void {
    const first = this.units.byteOfLast(0)
    if ((first & 0x80) !== 0) this.damage()
    const type = this.codec.typeOf(first)
    if (!this.codec.isSlice(type)) {
      if (this.hasSlice && this.codec.isParameterSet(type) && this.units.lastIsRepeated()) this.units.dropLast()
      return
    }
    const begins = (this.units.byteOfLast(this.codec.firstSliceByte) & 0x80) !== 0
    if (!this.hasSlice) {
      this.beginsPicture = begins
      if (!begins && !this.damaged && this.timestamp === this.finishedTimestamp) this.markerCounts = false
    }
    this.hasSlice = true
    if (this.codec.isRandomAccess(type)) this.randomAccess = true
  }

  private finish(): void {
    const firstType = this.codec.typeOf(this.units.firstByte())
    // A camera's key frames all begin alike: with a delimiter, a parameter set or the slice itself.
    const beginLost = this.startUncertain && this.keyframeFirstType >= 0 && firstType !== this.keyframeFirstType
    const whole = this.beginsPicture && !this.damaged && !this.units.overflown && !(this.randomAccess && beginLost)
    if (whole && this.randomAccess) {
      this.referencesLost = false
      this.keyframeFirstType = firstType
    } else if (!whole) this.referencesLost = true
    if (this.units.overflown) return this.abandon()
    const { randomAccess, timestamp } = this
    const damaged = !whole || this.referencesLost
    this.reset()
    this.finishedTimestamp = timestamp
    this.sink.onFrame({ units: this.units.take(), timestamp, keyframe: randomAccess, damaged })
  }

  private abandon(): void {
    this.units.clear()
    this.reset()
    this.referencesLost = true
    this.inFragment = false
    this.sink.onBrokenFrame()
  }

  private reset(): void {
    this.startUncertain = false
    this.hasSlice = false
    this.randomAccess = false
    this.beginsPicture = false
    this.damaged = false
  }
}
