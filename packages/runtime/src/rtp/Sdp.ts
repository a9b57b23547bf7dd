/** One payload format of a media description: `a=rtpmap` and `a=fmtp`. */
export interface SdpFormat {
  readonly payloadType: number
  /** Upper case: `H264`, `MPEG4-GENERIC`. */
  readonly encoding: string
  /** RTP ticks a second. */
  readonly clockRate: number
  readonly channels: number
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
  /** `a=rtcp-fb` (RFC 4585 4.2), in lower case: `nack pli`, `ccm fir`. */
  readonly feedback: ReadonlyArray<string>
}

/** One `m=` section (RFC 4566 5.14). */
export interface SdpMedia {
  /** `video`, `audio`, `application`, .. */
  readonly kind: string
  /** With RTCP feedback (RFC 4585) or without. */
  readonly profile: "AVP" | "AVPF"
  readonly formats: ReadonlyArray<SdpFormat>
  /** `a=control`, as it stands there. */
  readonly control?: string
  /** `a=framerate`. */
  readonly frameRate?: number
  /** `a=x-dimensions` or `a=framesize`: for JPEG pictures that are too large for the fields of their RTP headers. */
  readonly size?: { readonly width: number; readonly height: number }
}

export interface SessionDescription {
  /** The session's `a=control`. */
  readonly control?: string
  readonly medias: ReadonlyArray<SdpMedia>
}

const maxLines = 1000
const maxMedias = 32
const maxFormats = 32
const maxFeedback = 64

/** Payload types that need no `a=rtpmap` (RFC 3551 6). */
const staticFormats: Readonly<Record<number, readonly [encoding: string, clockRate: number, channels: number]>> = {
  0: ["PCMU", 8000, 1],
  3: ["GSM", 8000, 1],
  8: ["PCMA", 8000, 1],
  9: ["G722", 8000, 1],
  10: ["L16", 44_100, 2],
  11: ["L16", 44_100, 1],
  14: ["MPA", 90_000, 1],
  26: ["JPEG", 90_000, 1],
  32: ["MPV", 90_000, 1],
  33: ["MP2T", 90_000, 1],
  34: ["H263", 90_000, 1]
}

interface MediaDraft {
  readonly kind: string
  readonly payloadTypes: ReadonlyArray<number>
  readonly profile: SdpMedia["profile"]
  readonly maps: Map<number, Pick<SdpFormat, "encoding" | "clockRate" | "channels">>
  readonly parameters: Map<number, ReadonlyMap<string, string>>
  /** Of one payload type, or of all. */
  readonly feedback: Array<{ readonly type: number | "*"; readonly value: string }>
  control?: string
  frameRate?: number
  size?: { readonly width: number; readonly height: number }
}

const readMedia = (value: string): MediaDraft | undefined => {
  const match = /^(\S+)\s+\d+(?:\/\d+)?\s+(\S+)\s+(.*)$/.exec(value)
  if (match === null) return undefined
  const [, kind = "", protocol = "", formats = ""] = match
  return {
    kind: kind.toLowerCase(),
    profile: /^RTP\/AVPF(\/|$)/i.test(protocol) ? "AVPF" : "AVP",
    payloadTypes: formats
      .split(/\s+/)
      .filter((text) => /^\d{1,3}$/.test(text))
      .map(Number)
      .filter((type) => type < 128)
      .slice(0, maxFormats),
    maps: new Map(),
    parameters: new Map(),
    feedback: []
  }
}

const readMap = (media: MediaDraft, value: string): void => {
  const match = /^(\d{1,3})\s+([^/\s]+)\/(\d{1,9})(?:\/(\d{1,3}))?/.exec(value)
  if (match === null || media.maps.size >= maxFormats) return
  const [, type, encoding = "", clockRate, channels = "1"] = match
  if (Number(clockRate) === 0) return
  media.maps.set(Number(type), {
    encoding: encoding.toUpperCase(),
    clockRate: Number(clockRate),
    channels: Math.max(1, Number(channels))
  })
}

/** `name=value; name=value`: values may have `=` in them (base64). */
const readParameters = (media: MediaDraft, value: string): void => {
  const match = /^(\d{1,3})\s+(.*)$/.exec(value)
  if (match === null || media.parameters.size >= maxFormats) return
  const parameters = new Map<string, string>()
  for (const pair of (match[2] ?? "").split(";").slice(0, 64)) {
    const equals = pair.indexOf("=")
    if (equals > 0) parameters.set(pair.slice(0, equals).trim().toLowerCase(), pair.slice(equals + 1).trim())
    else if (pair.trim() !== "") parameters.set(pair.trim().toLowerCase(), "")
  }
  media.parameters.set(Number(match[1]), parameters)
}

const readFeedback = (media: MediaDraft, value: string): void => {
  const match = /^(\d{1,3}|\*)\s+(\S.{0,63})$/.exec(value)
  if (match === null || media.feedback.length >= maxFeedback) return
  const [, type, said = ""] = match
  media.feedback.push({ type: type === "*" ? "*" : Number(type), value: said.trim().replace(/\s+/g, " ").toLowerCase() })
}

const readFrameRate = (value: string): number | undefined => {
  const rate = Number(value)
  return rate > 0 && rate <= 1000 ? rate : undefined
}

const readMediaAttribute = (media: MediaDraft, name: string, value: string): void => {
  switch (name) {
    case "rtpmap":
      return readMap(media, value)
    case "fmtp":
      return readParameters(media, value)
    case "rtcp-fb":
      return readFeedback(media, value)
    case "control":
      media.control = value
      return
    case "framerate": {
      const rate = readFrameRate(value)
      if (rate !== undefined) media.frameRate = rate
      return
    }
    case "x-dimensions":
    case "framesize": {
      const match = /(\d{1,5})\s*[,-]\s*(\d{1,5})$/.exec(value)
      if (match !== null) media.size = { width: Number(match[1]), height: Number(match[2]) }
    }
  }
}

const finish = (media: MediaDraft): SdpMedia => {
  const formats = media.payloadTypes.flatMap((payloadType): ReadonlyArray<SdpFormat> => {
    const fixed = staticFormats[payloadType]
    const map =
      media.maps.get(payloadType) ??
      (fixed === undefined ? undefined : { encoding: fixed[0], clockRate: fixed[1], channels: fixed[2] })
    if (map === undefined) return []
    const feedback = media.feedback.filter(({ type }) => type === "*" || type === payloadType).map(({ value }) => value)
    return [{ payloadType, ...map, parameters: media.parameters.get(payloadType) ?? new Map(), feedback }]
  })
  return {
    kind: media.kind,
    profile: media.profile,
    formats,
    ...(media.control === undefined ? {} : { control: media.control }),
    ...(media.frameRate === undefined ? {} : { frameRate: media.frameRate }),
    ...(media.size === undefined ? {} : { size: media.size })
  }
}

/**
 * Reads a session description (RFC 4566) as far as a receiver needs it. Cameras break most of its rules, so lines that make no sense
 * are left out; undefined only for text that is no session description at all, or one with an absurd number of lines.
 */
export const parseSdp = (text: string): SessionDescription | undefined => {
  const lines = text.split(/\r\n|\n|\r/, maxLines + 1)
  if (lines.length > maxLines || !lines.some((line) => line.startsWith("m="))) return undefined
  const medias: Array<MediaDraft> = []
  let control: string | undefined
  for (const line of lines) {
    const value = line.slice(2).trim()
    if (line.startsWith("m=")) {
      const media = readMedia(value)
      if (media !== undefined && medias.length < maxMedias) medias.push(media)
      continue
    }
    if (!line.startsWith("a=")) continue
    const colon = value.indexOf(":")
    const name = (colon < 0 ? value : value.slice(0, colon)).toLowerCase()
    const argument = colon < 0 ? "" : value.slice(colon + 1).trim()
    const media = medias.at(-1)
    if (media !== undefined) readMediaAttribute(media, name, argument)
    else if (name === "control") control = argument
  }
  return { medias: medias.map(finish), ...(control === undefined ? {} : { control }) }
}

/**
 * The URL that a control attribute means (RFC 2326 C.1.1). A relative one is put behind the base with a slash, even where the base has a
 * query: that is how servers read it, whatever RFC 3986 says.
 */
export const resolveControl = (base: string, control: string | undefined): string => {
  if (control === undefined || control === "" || control === "*") return base
  if (/^rtsps?:\/\//i.test(control)) return control
  if (control.startsWith("/")) return base.replace(/^(\w+:\/\/[^/]*).*$/, "$1") + control
  return `${base.endsWith("/") ? base : `${base}/`}${control}`
}
