import { parseAddress } from "@vigil/core/AddressRange"
import type { FoundStream } from "@vigil/core/Discovery"
import { plainText } from "@vigil/core/PlainText"
import type { Credentials } from "@vigil/core/Source"
import { Effect } from "effect"
import { soapCall, type SoapError } from "./SoapCall.js"
import { escapeXml, find, findAll, textIn, type XmlNode } from "./Xml.js"

/** What a device tells of itself. */
export interface OnvifFacts {
  readonly manufacturer?: string
  readonly model?: string
  readonly streams: ReadonlyArray<FoundStream>
  readonly needsCredentials: boolean
  readonly detail?: string
}

const device = "http://www.onvif.org/ver10/device/wsdl"
const schema = "http://www.onvif.org/ver10/schema"

/** How the two media services are asked. The newer one knows H.265. */
const medias = [
  {
    namespace: "http://www.onvif.org/ver20/media/wsdl",
    profiles: "<GetProfiles><Type>VideoEncoder</Type></GetProfiles>",
    uri: (token: string) => `<GetStreamUri><Protocol>RTSP</Protocol><ProfileToken>${token}</ProfileToken></GetStreamUri>`,
    encoder: "VideoEncoder"
  },
  {
    namespace: "http://www.onvif.org/ver10/media/wsdl",
    profiles: "<GetProfiles/>",
    uri: (token: string) =>
      `<GetStreamUri><StreamSetup><Stream xmlns="${schema}">RTP-Unicast</Stream>` +
      `<Transport xmlns="${schema}"><Protocol>RTSP</Protocol></Transport></StreamSetup><ProfileToken>${token}</ProfileToken></GetStreamUri>`,
    encoder: "VideoEncoderConfiguration"
  }
] as const
type Media = (typeof medias)[number]

const mostProfiles = 8
const longestUri = 500

const numberIn = (node: XmlNode | undefined, name: string): number => Number(textIn(node, name) ?? Number.NaN)

/** Milliseconds that the device's clock is ahead of ours; 0 where it does not say. */
const clockOffsetOf = (answer: XmlNode): number => {
  const utc = find(answer, "UTCDateTime")
  const [date, time] = [find(utc, "Date"), find(utc, "Time")]
  const told = Date.UTC(
    numberIn(date, "Year"),
    numberIn(date, "Month") - 1,
    numberIn(date, "Day"),
    numberIn(time, "Hour"),
    numberIn(time, "Minute"),
    numberIn(time, "Second")
  )
  return Number.isNaN(told) ? 0 : told - Date.now()
}

/** The address with the host that the device was reached by: behind a router it may not know its own. */
const atHost = (text: string | undefined, host: string): string | undefined => {
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.hostname === host) return text
  return parseAddress(host) === undefined
    ? undefined
    : text.replace(/^([a-z]+:\/\/)(?:[^/@]*@)?(?:\[[^\]]*\]|[^:/?#]*)/i, `$1${host}`)
}

/** No address has a user name and password in it: those are the caller's to give. */
const withoutUser = (url: string): string => url.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1")

/** Media services by namespace, from the newer list of services or the older of capabilities. */
const servicesOf = (answer: XmlNode, host: string): ReadonlyMap<string, string> => {
  const services = new Map<string, string>()
  for (const service of findAll(answer, "Service").slice(0, 50)) {
    const [namespace, url] = [textIn(service, "Namespace"), atHost(textIn(service, "XAddr"), host)]
    if (namespace !== undefined && url !== undefined) services.set(namespace, url)
  }
  const old = atHost(textIn(find(find(answer, "Capabilities"), "Media"), "XAddr"), host)
  if (old !== undefined) services.set(medias[1].namespace, old)
  return services
}

const factsOfProfile = (profile: XmlNode, { encoder }: Media): Omit<FoundStream, "url"> => {
  const settings = find(profile, encoder)
  const [codec, width, height] = [textIn(settings, "Encoding"), numberIn(settings, "Width"), numberIn(settings, "Height")]
  const name = textIn({ ...profile, children: profile.children.filter((child) => child.name === "Name") }, "Name")
  return {
    ...(name === undefined ? {} : { name: plainText(name, 100) }),
    ...(codec === undefined ? {} : { codec: plainText(codec, 30) }),
    ...(width > 0 && width < 100_000 && height > 0 && height < 100_000
      ? { width: Math.round(width), height: Math.round(height) }
      : {})
  }
}

const pixels = ({ height = 0, width = 0 }: FoundStream): number => width * height

/**
 * Asks a device what it is and where its streams are (ONVIF Core and Media, Profiles S and T). `service` is the address of its device
 * service; everything else is asked of the same host. Stops at the first refusal of the password.
 */
export const askDevice = (service: string, credentials: Credentials | undefined): Effect.Effect<OnvifFacts> =>
  Effect.gen(function* () {
    const host = new URL(service).hostname
    const open = (body: string) => soapCall({ url: service, namespace: device, body })
    const clockOffset = yield* open("<GetSystemDateAndTime/>").pipe(Effect.map(clockOffsetOf))
    const asked = (url: string, namespace: string, body: string) => soapCall({ url, namespace, body, credentials, clockOffset })

    const services = yield* open("<GetServices><IncludeCapability>false</IncludeCapability></GetServices>").pipe(
      Effect.catchIf(
        ({ reason }) => reason !== "unreachable",
        () => asked(service, device, "<GetCapabilities><Category>All</Category></GetCapabilities>")
      ),
      Effect.map((answer) => servicesOf(answer, host))
    )
    const information = yield* asked(service, device, "<GetDeviceInformation/>")
    const [manufacturer, model] = [textIn(information, "Manufacturer"), textIn(information, "Model")]
    const identity = {
      ...(manufacturer === undefined ? {} : { manufacturer: plainText(manufacturer, 100) }),
      ...(model === undefined ? {} : { model: plainText(model, 100) })
    }
    const streams: Array<FoundStream> = []
    for (const media of medias) {
      const url = services.get(media.namespace)
      if (url === undefined || streams.length > 0) continue
      const profiles = findAll(yield* asked(url, media.namespace, media.profiles), "Profiles").slice(0, mostProfiles)
      for (const profile of profiles) {
        const token = profile.attributes["token"]
        if (token === undefined) continue
        const answer = yield* Effect.option(asked(url, media.namespace, media.uri(escapeXml(token))))
        const uri = answer._tag === "Some" ? atHost(textIn(answer.value, "Uri"), host) : undefined
        if (uri === undefined || !/^rtsps?:\/\//i.test(uri) || uri.length > longestUri) continue
        streams.push({ ...factsOfProfile(profile, media), url: withoutUser(uri) })
      }
    }
    const sorted = streams.sort((a, b) => pixels(b) - pixels(a))
    const facts: OnvifFacts = { ...identity, streams: sorted, needsCredentials: false }
    return sorted.length > 0 ? facts : { ...facts, detail: "it tells of no stream" }
  }).pipe(Effect.catchAll((error) => Effect.succeed(refused(error, credentials !== undefined))))

const refused = ({ detail, reason }: SoapError, hasCredentials: boolean): OnvifFacts =>
  reason === "unauthorized"
    ? {
        streams: [],
        needsCredentials: true,
        detail: hasCredentials ? "it refuses the user name and password" : "it wants a user name and password"
      }
    : { streams: [], needsCredentials: false, detail: plainText(detail, 300) }
