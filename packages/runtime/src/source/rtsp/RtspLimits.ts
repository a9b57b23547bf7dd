import { defaultParserLimits, type RtspParserLimits } from "./RtspParser.js"

/** How long a server may take, in milliseconds, and how much it may send. */
export interface RtspLimits {
  /** For the TCP connection, and again for the TLS handshake. */
  readonly connect: number
  /** For each answer. */
  readonly request: number
  /** For everything until PLAY is answered, redirections included. */
  readonly open: number
  /** Without a picture, before the source counts as stalled. */
  readonly stall: number
  /** For the answer to TEARDOWN. */
  readonly teardown: number
  /** Between receiver reports. */
  readonly report: number
  /** Redirections that are followed. */
  readonly redirects: number
  readonly parser: RtspParserLimits
}

export const defaultRtspLimits: RtspLimits = {
  connect: 5000,
  request: 5000,
  open: 20_000,
  stall: 8000,
  teardown: 500,
  report: 5000,
  redirects: 5,
  parser: defaultParserLimits
}
