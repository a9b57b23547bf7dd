import { Database } from "@vigil/api/database/Database"
import { NewCamera } from "@vigil/core/Camera"
import { Discovery } from "@vigil/core/Discovery"
import { Event, EventEntry } from "@vigil/core/Event"
import { CameraId, defaultTenant, DiscoveryId, Epoch, EventId, ModelId, TenantId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import type { ModelHints } from "@vigil/core/ModelVersion"
import { DateTime, Effect, Schema } from "effect"

export const otherTenant = TenantId.make("00000000-0000-4000-8000-000000000002")

/** Adds the other tenant. */
export const secondTenant = Effect.flatMap(Database, (database) =>
  database.system(
    "add tenant",
    (sql) => sql`insert into tenants (id, name) values (${otherTenant}, 'second') on conflict do nothing`
  )
)

export const anyCameraId = (): CameraId => CameraId.make(crypto.randomUUID())

/** A discovery that has just begun. */
export const newDiscovery = (overrides: Partial<Discovery> = {}): Effect.Effect<Discovery> =>
  Effect.map(DateTime.now, (now) =>
    Discovery.make({
      id: DiscoveryId.make(crypto.randomUUID()),
      tenantId: defaultTenant,
      state: "running",
      detail: null,
      request: { onvif: true, ranges: ["192.0.2.0/24"], ports: [554], paths: [] },
      startedBy: "zoë",
      startedAt: now,
      updatedAt: now,
      progress: { done: 0, total: 256 },
      devices: [],
      ...overrides
    })
  )

export const newCamera = (overrides: Partial<typeof NewCamera.Encoded> = {}): NewCamera =>
  Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/stream1", ...overrides })

/** A detector of forklifts. */
export const describedModel = (
  id: string,
  version: string,
  changes: ModelHints & Partial<Pick<ModelDescriptor, "sha256" | "bytes">>
): ModelDescriptor =>
  new ModelDescriptor({
    id: ModelId.make(id),
    version,
    title: "Forklifts",
    task: "objects",
    licence: "LicenseRef-unknown",
    priority: "STANDARD",
    requirements: { minHeight: 0, minBitrate: 0, minDuration: 0, overlap: 0 },
    input: {
      name: "images",
      size: { width: 64, height: 64 },
      layout: "nchw",
      element: "float32",
      channels: "bgr",
      mean: [0, 0, 0],
      scale: [1, 1, 1],
      fit: "letterbox-top-left",
      padding: 114
    },
    adapter: "yolox",
    labels: ["forklift"],
    thresholds: { confidence: 0.3, overlap: 0.45 },
    sha256: "0".repeat(64),
    bytes: 1,
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  })

const start = Date.UTC(2026, 0, 2, 3, 4, 5)

/** The event of a sequence happened that many seconds after the start of 2026-01-02 03:04:05 UTC. */
export const entry = (
  cameraId: CameraId,
  sequence: number,
  overrides: { readonly epoch?: number; readonly at?: number } & Partial<Omit<typeof Event.Type, "cameraId">> = {}
): EventEntry => {
  const { epoch = 1, at = sequence, ...event } = overrides
  return EventEntry.make({
    sequence,
    epoch: Epoch.make(epoch),
    event: Event.make({
      eventId: EventId.make(crypto.randomUUID()),
      customerId: defaultTenant,
      cameraId,
      eventType: "INTRUSION",
      confidence: 0.75,
      timestamp: DateTime.unsafeMake(start + at * 1000),
      detectionMetadata: { objectClass: "person", zone: "gate", boundingBox: { x: 1, y: 2, width: 30.5, height: 40 } },
      clipUrl: null,
      priority: "HIGH",
      status: "NEW",
      ...event
    })
  })
}

/** The first entries of a camera's log. */
export const entries = (
  cameraId: CameraId,
  count: number,
  overrides: (sequence: number) => Parameters<typeof entry>[2] = () => ({})
): ReadonlyArray<EventEntry> => Array.from({ length: count }, (_, index) => entry(cameraId, index + 1, overrides(index + 1)))
