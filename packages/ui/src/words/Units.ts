const decimals = (value: number): number => (value >= 100 ? 0 : 1)

/** `4.2 Mbit/s` */
export const bitrate = (bitsPerSecond: number): string => {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(decimals(bitsPerSecond / 1e6))} Mbit/s`
  return `${Math.round(bitsPerSecond / 1e3)} kbit/s`
}

export const bytes = (count: number): string => {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`
  return `${Math.max(1, Math.round(count / 1e3))} kB`
}

export const framesPerSecond = (rate: number): string => `${rate >= 9.95 ? Math.round(rate) : rate.toFixed(1)} fps`

export const milliseconds = (value: number | undefined): string => (value === undefined ? "–" : `${Math.round(value)} ms`)

/** `0.02 %`; lost packets of all that were sent. */
export const loss = (lost: number, received: number): string => {
  const share = lost + received === 0 ? 0 : (lost / (lost + received)) * 100
  return share === 0 ? "0 %" : `${share < 0.01 ? "< 0.01" : share.toFixed(share < 1 ? 2 : 1)} %`
}

export const count = (value: number): string => value.toLocaleString()

/** `1 note`, `3 notes`. */
export const countOf = (value: number, thing: string): string => `${count(value)} ${thing}${value === 1 ? "" : "s"}`
