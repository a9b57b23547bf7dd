/** What a server answers to SETUP (RFC 2326 12.39). */
export interface TransportAnswer {
  readonly tcp: boolean
  /** Channels of RTP and RTCP. */
  readonly interleaved?: readonly [rtp: number, rtcp: number]
  readonly serverPort?: readonly [rtp: number, rtcp: number]
  /** Address that the media comes from, where it is another one. */
  readonly source?: string
}

const pair = (text: string | undefined, maximum: number): readonly [number, number] | undefined => {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? "")
  if (match === null) return undefined
  const first = Number(match[1])
  const second = match[2] === undefined ? first + 1 : Number(match[2])
  return first <= maximum && second <= maximum ? [first, second] : undefined
}

/** Reads the first transport of the header; parameters that make no sense are left out. */
export const parseTransport = (header: string): TransportAnswer => {
  const [protocol = "", ...rest] = (header.slice(0, 1024).split(",")[0] ?? "").split(";").map((part) => part.trim())
  const parameters = new Map(
    rest.map((part) => {
      const equals = part.indexOf("=")
      return equals < 0 ? [part.toLowerCase(), ""] : [part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()]
    })
  )
  const interleaved = pair(parameters.get("interleaved"), 255)
  const serverPort = pair(parameters.get("server_port"), 65_535)
  const source = parameters.get("source")
  return {
    tcp: /\/TCP$/i.test(protocol),
    ...(interleaved === undefined ? {} : { interleaved }),
    ...(serverPort === undefined ? {} : { serverPort }),
    ...(source === undefined || source === "" ? {} : { source })
  }
}
