import {
  type AddressSpan,
  addressesOf,
  countAddresses,
  formatAddress,
  isWithin,
  parseAddress,
  parseAddressSpan,
  parseAddressSpans,
  privateNetworks
} from "@vigil/core/AddressRange"
import type { DiscoveryRequest, FoundDevice } from "@vigil/core/Discovery"
import { NetworkScanner, RangeRefused, type Scan, type ScanListener } from "@vigil/core/port/NetworkScanner"
import { Config, ConfigError, Effect, Either, Layer, Stream } from "effect"
import { networkInterfaces } from "node:os"
import { askDevice } from "./OnvifDevice.js"
import { lookAtRtsp } from "./RtspLook.js"
import { type Answered, defaultProbe, probeNetworks, type ProbeOptions } from "./WsDiscovery.js"

/** What a scanner may do. */
export interface ScannerOptions {
  /** What it may look at; nothing else is ever connected to. */
  readonly networks: ReadonlyArray<AddressSpan>
  /** Connections at the same time. */
  readonly parallel: number
  readonly probe: Omit<ProbeOptions, "interfaces">
}

const defaultParallel = 128
/** Devices that are asked for their streams at the same time. */
const askedAtOnce = 16

const spanText = ({ first, last }: AddressSpan): string =>
  first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`

const isAllowed = (address: string, networks: ReadonlyArray<AddressSpan>): boolean => {
  const number = parseAddress(address)
  return number !== undefined && isWithin({ first: number, last: number }, networks)
}

/** Own addresses in the networks that may be looked at. */
const ownAddresses = (networks: ReadonlyArray<AddressSpan>): ReadonlyArray<string> =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, family }) => family === "IPv4" && isAllowed(address, networks))
    .map(({ address }) => address)

/** The address of its device service that is where its answer came from, or at least where we may look. */
const serviceOf = ({ sender, services }: Answered, networks: ReadonlyArray<AddressSpan>): string | undefined => {
  const hosts = services
    .filter((text) => URL.canParse(text) && new URL(text).protocol === "http:")
    .map((text) => ({ text, host: new URL(text).hostname }))
    .filter(({ host }) => isAllowed(host, networks))
  return (hosts.find(({ host }) => host === sender) ?? hosts[0])?.text
}

const optional = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the object has this key alone, or none
  (value === undefined || value === "" ? {} : { [key]: value }) as { readonly [P in K]?: string }

const foundByProbe = (answered: Answered, service: string | undefined, request: DiscoveryRequest) =>
  Effect.gen(function* () {
    const facts =
      service === undefined
        ? { streams: [], needsCredentials: false, detail: "its device service is at no address that is looked at" }
        : yield* askDevice(service, request.credentials)
    const address = service === undefined ? answered.sender : new URL(service).hostname
    const { scopes, urn } = answered
    const device: FoundDevice = {
      ...facts,
      key: urn,
      kind: "onvif",
      address,
      name: scopes.get("name") ?? address,
      ...optional("model", ("model" in facts ? facts.model : undefined) ?? scopes.get("hardware")),
      ...optional("location", scopes.get("location"))
    }
    return device
  })

const probeStep = (options: ScannerOptions, request: DiscoveryRequest, { onDevice }: ScanListener) => {
  if (!request.onvif) return Effect.void
  const { networks, probe } = options
  return Stream.asyncPush<Answered>((emit) =>
    probeNetworks({ ...probe, interfaces: ownAddresses(networks) }, (answered) => {
      if (isAllowed(answered.sender, networks)) emit.single(answered)
    }).pipe(Effect.ensuring(Effect.sync(() => emit.end())), Effect.forkScoped)
  ).pipe(
    Stream.mapEffect((answered) => Effect.map(foundByProbe(answered, serviceOf(answered, networks), request), onDevice), {
      concurrency: askedAtOnce,
      unordered: true
    }),
    Stream.runDrain
  )
}

function* connectionsOf(spans: ReadonlyArray<AddressSpan>, ports: ReadonlyArray<number>) {
  for (const address of addressesOf(spans)) for (const port of ports) yield { address, port }
}

const rangeStep = (
  { parallel }: ScannerOptions,
  request: DiscoveryRequest,
  spans: ReadonlyArray<AddressSpan>,
  { onDevice, onDone }: ScanListener
) =>
  Stream.fromIterable(connectionsOf(spans, [...new Set(request.ports)])).pipe(
    Stream.mapEffect(
      ({ address, port }) =>
        Effect.map(lookAtRtsp(address, port, request.credentials, request.paths), (server) => {
          onDone(1)
          if (server === undefined) return
          const { detail, needsCredentials, server: name, streams } = server
          onDevice({
            key: `${address}:${port}`,
            kind: "rtsp",
            address,
            name: name === undefined || name === "" ? address : name,
            needsCredentials,
            streams,
            ...optional("detail", detail)
          })
        }),
      { concurrency: parallel, unordered: true }
    ),
    Stream.runDrain
  )

const plan = (options: ScannerOptions) => (request: DiscoveryRequest) =>
  Effect.gen(function* () {
    const spans = request.ranges.flatMap((text) => parseAddressSpan(text) ?? [])
    const strange = request.ranges.find((text) => {
      const parsed = parseAddressSpan(text)
      return parsed === undefined || !isWithin(parsed, options.networks)
    })
    if (strange !== undefined) {
      return yield* new RangeRefused({ range: strange, allowed: options.networks.map(spanText) })
    }
    const scan: Scan = {
      total: countAddresses(spans) * new Set(request.ports).size,
      run: (listener) =>
        Effect.all([probeStep(options, request, listener), rangeStep(options, request, spans, listener)], {
          concurrency: "unbounded",
          discard: true
        })
    }
    return scan
  })

export const layerWith = (options: Partial<ScannerOptions> = {}): Layer.Layer<NetworkScanner> =>
  Layer.succeed(NetworkScanner, {
    plan: plan({ networks: privateNetworks, parallel: defaultParallel, probe: defaultProbe, ...options })
  })

/** From the environment: `VIGIL_DISCOVERY_NETWORKS`, comma-separated IPv4 networks that may be looked at; the private ones (RFC 1918) without it. */
export const layer: Layer.Layer<NetworkScanner, ConfigError.ConfigError> = Layer.unwrapEffect(
  Config.array(Config.string(), "VIGIL_DISCOVERY_NETWORKS").pipe(
    Config.mapOrFail((texts) =>
      Either.mapLeft(parseAddressSpans(texts), (detail) => ConfigError.InvalidData(["VIGIL_DISCOVERY_NETWORKS"], detail))
    ),
    Config.withDefault(privateNetworks),
    Effect.map((networks) => layerWith({ networks }))
  )
)
