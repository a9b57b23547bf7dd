import { type DateTime, Option, Schema } from "effect"
import { concealed } from "./AddressSecrets.js"
import { AddressRange, countAddresses, parseAddressSpan } from "./AddressRange.js"
import { type Camera, Label, NewCamera } from "./Camera.js"
import { CameraId, DiscoveryId, PlaceId, TenantId } from "./Ids.js"
import { PlainText } from "./PlainText.js"
import { Credentials } from "./Source.js"
import { isSameServer, parseSourceUrl } from "./SourceUrl.js"

/** Connections that one discovery may try: an address with two ports is two. */
const mostConnections = 65_536
/** Devices that are kept of one discovery. */
export const mostDevices = 2000

const Port = Schema.Int.pipe(Schema.between(1, 65_535))

/** Where to look for cameras. */
const lookedAt = {
  /** Ask the networks of the server who is there (ONVIF: WS-Discovery by multicast). */
  onvif: Schema.optionalWith(Schema.Boolean, { default: () => true }),
  /** IPv4 addresses to look for RTSP servers at. */
  ranges: Schema.optionalWith(Schema.Array(AddressRange).pipe(Schema.maxItems(32)), { default: () => [] }),
  ports: Schema.optionalWith(Schema.Array(Port).pipe(Schema.minItems(1), Schema.maxItems(8)), { default: () => [554, 8554] }),
  /** Paths of streams to try besides those that makers use. */
  paths: Schema.optionalWith(Schema.Array(PlainText(200).pipe(Schema.pattern(/^[^\s@]*$/))).pipe(Schema.maxItems(16)), {
    default: () => []
  })
}

const connectionsOf = ({ ports, ranges }: { readonly ports: ReadonlyArray<number>; readonly ranges: ReadonlyArray<string> }) =>
  countAddresses(ranges.flatMap((text) => parseAddressSpan(text) ?? [])) * new Set(ports).size

/** `credentials` are tried with each device, once, and kept nowhere. */
export const DiscoveryRequest = Schema.Struct({ ...lookedAt, credentials: Schema.optional(Credentials) })
  .pipe(
    Schema.filter((request) => {
      if (!request.onvif && request.ranges.length === 0) return "expected onvif, or ranges of addresses"
      return (
        connectionsOf(request) <= mostConnections ||
        `expected at most ${mostConnections} connections: fewer addresses or fewer ports`
      )
    })
  )
  .annotations({ identifier: "DiscoveryRequest" })
export type DiscoveryRequest = typeof DiscoveryRequest.Type

/** A stream that a device offers. */
export const FoundStream = Schema.Struct({
  url: Schema.String,
  name: Schema.optional(Schema.String),
  /** As the device calls it, for example `H264`. */
  codec: Schema.optional(Schema.String),
  width: Schema.optional(Schema.Int),
  height: Schema.optional(Schema.Int)
}).annotations({ identifier: "FoundStream" })
export type FoundStream = typeof FoundStream.Type

/** A device that was found: `onvif` by its answer to WS-Discovery, `rtsp` as a server in a range of addresses. */
export const FoundDevice = Schema.Struct({
  /** Tells devices of one discovery apart: of `onvif` its URN, of `rtsp` address and port. */
  key: Schema.String,
  kind: Schema.Literal("onvif", "rtsp"),
  address: Schema.String,
  name: Schema.String,
  manufacturer: Schema.optional(Schema.String),
  model: Schema.optional(Schema.String),
  location: Schema.optional(Schema.String),
  /** It tells no streams without a user name and password, or not with those that were given. */
  needsCredentials: Schema.Boolean,
  /** The best first. */
  streams: Schema.Array(FoundStream),
  /** Why no stream is known. */
  detail: Schema.optional(Schema.String)
}).annotations({ identifier: "FoundDevice" })
export type FoundDevice = typeof FoundDevice.Type

/** How far it is: connections that were tried, of all. */
const DiscoveryProgress = Schema.Struct({
  done: Schema.Int.pipe(Schema.nonNegative()),
  total: Schema.Int.pipe(Schema.nonNegative())
})

/** A search for cameras in the network, under way or over. */
export class Discovery extends Schema.Class<Discovery>("Discovery")({
  id: DiscoveryId,
  tenantId: TenantId,
  state: Schema.Literal("running", "done", "cancelled", "failed"),
  /** Why it failed. */
  detail: Schema.NullOr(Schema.String),
  request: Schema.Struct(lookedAt),
  startedBy: Schema.String,
  startedAt: Schema.DateTimeUtc,
  /** When somebody last heard of it. */
  updatedAt: Schema.DateTimeUtc,
  progress: DiscoveryProgress,
  /** By address. */
  devices: Schema.Array(FoundDevice)
}) {}

/** A device as it is shown, with the tenant's camera that is one of its streams. */
const ListedDevice = Schema.Struct({ ...FoundDevice.fields, cameraId: Schema.NullOr(CameraId) }).annotations({
  identifier: "ListedDevice"
})
export const ListedDiscovery = Schema.Struct({ ...Discovery.fields, devices: Schema.Array(ListedDevice) }).annotations({
  identifier: "ListedDiscovery"
})
export type ListedDiscovery = typeof ListedDiscovery.Type

/** In outline: without its devices. */
export const DiscoveryOutline = Schema.Struct({ ...Discovery.fields, devices: Schema.Int }).annotations({
  identifier: "DiscoveryOutline"
})
export type DiscoveryOutline = typeof DiscoveryOutline.Type

export const outlineOf = (discovery: Discovery): DiscoveryOutline => ({ ...discovery, devices: discovery.devices.length })

/** Milliseconds after which nobody looks any more, whatever the state says. */
const silence = 30_000

/** A discovery whose node is gone has failed. */
export const asOf = (discovery: Discovery, now: DateTime.Utc): Discovery =>
  discovery.state !== "running" || now.epochMillis - discovery.updatedAt.epochMillis < silence
    ? discovery
    : Discovery.make({ ...discovery, state: "failed", detail: "the node that looked is gone: start it again" })

/** As it is shown: some devices tell a password in the addresses of their streams. */
export const shownDiscovery = (discovery: Discovery): Discovery =>
  Discovery.make({
    ...discovery,
    request: { ...discovery.request, paths: discovery.request.paths.map(concealed) },
    devices: discovery.devices.map((device) => ({
      ...device,
      streams: device.streams.map((stream) => ({ ...stream, url: concealed(stream.url) }))
    }))
  })

const serverOf = (url: string) => Option.getRight(parseSourceUrl(url))

const serves = (device: FoundDevice, url: string): boolean => {
  const server = serverOf(url)
  return device.streams.some((stream) => {
    const own = serverOf(stream.url)
    return Option.isSome(own) && Option.isSome(server) && isSameServer(own.value, server.value)
  })
}

const rank = ({ address }: FoundDevice): ReadonlyArray<number> => address.split(".").map(Number)

const byAddress = (a: FoundDevice, b: FoundDevice): number => {
  const [left, right] = [rank(a), rank(b)]
  const at = left.findIndex((digits, index) => digits !== right[index])
  return at < 0 ? a.key.localeCompare(b.key) : (left[at] ?? 0) - (right[at] ?? 0)
}

/** The devices with one more. An RTSP server whose stream an ONVIF device has told is that device, and not told twice. */
export const withDevice = (devices: ReadonlyArray<FoundDevice>, device: FoundDevice): ReadonlyArray<FoundDevice> => {
  const isKnown =
    device.kind === "rtsp" && devices.some((other) => other.kind === "onvif" && serves(other, `rtsp://${device.key}/`))
  if (isKnown) return devices
  const others = devices.filter(
    (other) =>
      other.key !== device.key && !(device.kind === "onvif" && other.kind === "rtsp" && serves(device, `rtsp://${other.key}/`))
  )
  if (others.length >= mostDevices) return devices
  // From the end: they mostly come in order.
  return others.toSpliced(others.findLastIndex((other) => byAddress(device, other) >= 0) + 1, 0, device)
}

/** With the cameras of the tenant that they are. */
export const listed = (discovery: Discovery, cameras: ReadonlyArray<Pick<Camera, "id" | "url">>): ListedDiscovery => {
  const known = new Map(cameras.map(({ id, url }) => [url, id]))
  return {
    ...discovery,
    devices: discovery.devices.map((device) => ({
      ...device,
      cameraId: device.streams.map(({ url }) => known.get(url)).find((id) => id !== undefined) ?? null
    }))
  }
}

/** Which devices become cameras. */
export const AdoptRequest = Schema.Struct({
  devices: Schema.Array(
    Schema.Struct({
      /** The device's `key`. */
      key: PlainText(300),
      /** Which of its streams, counted from 0. */
      stream: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, 100)), { default: () => 0 }),
      /** Absent: the device's own. */
      name: Schema.optional(NewCamera.fields.name),
      credentials: Schema.optional(Credentials)
    })
  ).pipe(Schema.minItems(1), Schema.maxItems(500)),
  /** For those that have none of their own. */
  credentials: Schema.optional(Credentials),
  placeId: Schema.optional(Schema.NullOr(PlaceId)),
  tags: Schema.optional(Schema.Array(Label).pipe(Schema.maxItems(32)))
}).annotations({ identifier: "AdoptRequest" })
export type AdoptRequest = typeof AdoptRequest.Type
