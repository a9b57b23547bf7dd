import type { VideoCodec } from "@vigil/core/MediaTrack"

/** Payload bytes of an RTP packet at the most: fits 1200-byte datagrams with SRTP and header extensions (RFC 8834 recommends small ones). */
export const largestPayload = 1180

const h264TypeOf = (unit: Uint8Array) => (unit[0] ?? 0) & 0x1f

/** Access unit delimiters, SEI and end-of-stream units mean nothing to a viewer. */
const isForViewers = (unit: Uint8Array): boolean => {
  const type = h264TypeOf(unit)
  return unit.length > 1 && type !== 9 && type !== 6 && type !== 10 && type !== 11 && type !== 12
}

const slice = (header: Uint8Array, unit: Uint8Array, from: number, to: number): Buffer => {
  const payload = Buffer.allocUnsafe(header.length + to - from)
  payload.set(header, 0)
  payload.set(unit.subarray(from, to), header.length)
  return payload
}

/** Fragments of one NAL unit as FU-A (RFC 6184 5.8). */
const fragment = (unit: Uint8Array, payloads: Array<Buffer>) => {
  const indicator = ((unit[0] ?? 0) & 0xe0) | 28
  const type = h264TypeOf(unit)
  const step = largestPayload - 2
  for (let from = 1; from < unit.length; from += step) {
    const to = Math.min(unit.length, from + step)
    const flags = (from === 1 ? 0x80 : 0) | (to === unit.length ? 0x40 : 0)
    payloads.push(slice(Uint8Array.of(indicator, type | flags), unit, from, to))
  }
}

/** The parameter sets that a decoder needs, as last seen in the stream or told by the source's description. */
export interface ParameterSets {
  sps: Uint8Array | undefined
  pps: Uint8Array | undefined
}

export const emptyParameterSets = (): ParameterSets => ({ sps: undefined, pps: undefined })

export const learn = (sets: ParameterSets, units: ReadonlyArray<Uint8Array>): void => {
  for (const unit of units) {
    const type = h264TypeOf(unit)
    if (type === 7) sets.sps = unit
    else if (type === 8) sets.pps = unit
  }
}

/**
 * RTP payloads of one H.264 picture (RFC 6184, packetization-mode 1): parameter sets go before every key frame, also where the
 * camera tells them only in its SDP.
 */
export const packetise = (units: ReadonlyArray<Uint8Array>, keyframe: boolean, sets: ParameterSets): ReadonlyArray<Buffer> => {
  learn(sets, units)
  const payloads: Array<Buffer> = []
  const push = (unit: Uint8Array) => {
    if (unit.length <= largestPayload) payloads.push(Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength))
    else fragment(unit, payloads)
  }
  if (keyframe && !units.some((unit) => h264TypeOf(unit) === 7)) {
    if (sets.sps !== undefined) push(sets.sps)
    if (sets.pps !== undefined) push(sets.pps)
  }
  for (const unit of units) if (isForViewers(unit)) push(unit)
  return payloads
}

/** Codecs that a browser plays over WebRTC as the camera sends them. */
export const isPlayable = (codec: VideoCodec): boolean => codec === "h264"
