import { BitReader } from "../../media/nal/BitReader.js"

/** ISO/IEC 14496-3 1.6.2.1, as far as a receiver needs it. */
export interface AudioSpecificConfig {
  readonly sampleRate: number
  readonly channels: number
  /** Samples of one frame. */
  readonly frameSamples: number
}

const sampleRates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350]
const channelCounts = [0, 1, 2, 3, 4, 5, 6, 8]

const readSampleRate = (reader: BitReader): number => {
  const index = reader.bits(4)
  return index === 15 ? reader.bits(24) : (sampleRates[index] ?? 0)
}

/** Undefined where the configuration makes no sense. */
export const parseAudioSpecificConfig = (config: Uint8Array): AudioSpecificConfig | undefined => {
  const reader = new BitReader(config)
  if (reader.bits(5) === 31) reader.skip(6)
  const sampleRate = readSampleRate(reader)
  const channels = channelCounts[reader.bits(4)] ?? 0
  const shortFrame = reader.flag()
  if (reader.exhausted || sampleRate < 7000 || sampleRate > 192_000) return undefined
  return { sampleRate, channels: Math.max(1, channels), frameSamples: shortFrame ? 960 : 1024 }
}
