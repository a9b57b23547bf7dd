import { type Camera, NewCamera } from "@vigil/core/Camera"
import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import { authorizeViews } from "@vigil/core/control/MaskRights"
import { type AdoptRequest, type Discovery, type DiscoveryRequest, listed, outlineOf } from "@vigil/core/Discovery"
import type { DiscoveryId, TenantId } from "@vigil/core/Ids"
import { plainText } from "@vigil/core/PlainText"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { DiscoveryRefused, DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { displayUrl } from "@vigil/core/SourceUrl"
import { Effect, Schedule, Schema, Stream } from "effect"
import { Discoveries } from "./Discoveries.js"

/** How often somebody who watches is told. */
const watchEvery = "500 millis"

const withCameras = (tenant: TenantId, discovery: Discovery) =>
  Effect.gen(function* () {
    const urls = discovery.devices.flatMap(({ streams }) => streams.map(({ url }) => url))
    return listed(discovery, yield* (yield* CameraStore).atAddresses(tenant, urls))
  })

export const startDiscovery = (request: DiscoveryRequest) =>
  Effect.gen(function* () {
    const { tenantId, username } = yield* authorize("supervisor")
    const { start } = yield* Discoveries
    return yield* withCameras(tenantId, yield* start(tenantId, username, request))
  }).pipe(inCallersName)

export const listDiscoveries = Effect.gen(function* () {
  const { tenantId } = yield* authorize("supervisor")
  return (yield* (yield* DiscoveryStore).list(tenantId)).map(outlineOf)
})

export const getDiscovery = (id: DiscoveryId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* withCameras(tenantId, yield* (yield* DiscoveryStore).get(tenantId, id))
  })

/** How far it is now and then, and what it is in the end. */
export const watchDiscovery = (id: DiscoveryId) =>
  Stream.repeatEffectWithSchedule(getDiscovery(id), Schedule.spaced(watchEvery)).pipe(
    Stream.takeUntil(({ state }) => state !== "running")
  )

export const cancelDiscovery = (id: DiscoveryId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* withCameras(tenantId, yield* (yield* DiscoveryStore).cancel(tenantId, id))
  }).pipe(inCallersName)

const cameraOf = ({ devices }: Discovery, request: AdoptRequest, wanted: AdoptRequest["devices"][number]) =>
  Effect.gen(function* () {
    const device = devices.find(({ key }) => key === wanted.key)
    if (device === undefined) {
      return yield* new DiscoveryRefused({ reason: "unknown-device", detail: `no device ${wanted.key} was found` })
    }
    const stream = device.streams[wanted.stream]
    if (stream === undefined) {
      const why = device.detail === undefined ? "" : `: ${device.detail}`
      const detail = `no stream ${wanted.stream} of ${device.name} at ${device.address} is known${why}`
      return yield* new DiscoveryRefused({ reason: "no-stream", detail })
    }
    const credentials = wanted.credentials ?? request.credentials
    const { placeId, tags } = request
    const camera: NewCamera = {
      ...Schema.decodeSync(NewCamera)({
        name: wanted.name ?? plainText(`${device.name} (${device.address})`, 200),
        url: stream.url
      }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(placeId === undefined ? {} : { placeId }),
      ...(tags === undefined ? {} : { tags })
    }
    return camera
  })

/** Whoever asks twice, as by a click too many, is not to have the camera twice. */
const refuseKnown = (cameras: ReadonlyArray<NewCamera>, known: ReadonlyArray<Pick<Camera, "url">>) =>
  Effect.gen(function* () {
    const taken = new Set(known.map(({ url }) => url))
    for (const { name, url: whole } of cameras) {
      const url = displayUrl(whole)
      if (taken.has(url)) return yield* new DiscoveryRefused({ reason: "known-camera", detail: `${name} is a camera already` })
      taken.add(url)
    }
  })

/** Makes cameras of devices that were found, all or none. */
export const adoptDevices = (id: DiscoveryId, request: AdoptRequest) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    const discovery = yield* (yield* DiscoveryStore).whole(tenantId, id)
    const cameras = yield* Effect.forEach(request.devices, (wanted) => cameraOf(discovery, request, wanted))
    const store = yield* CameraStore
    yield* refuseKnown(
      cameras,
      yield* store.atAddresses(
        tenantId,
        cameras.map(({ url }) => displayUrl(url))
      )
    )
    yield* authorizeViews(tenantId, cameras)
    return yield* allowedWithinReach(store.createMany(tenantId, cameras))
  }).pipe(inCallersName)
