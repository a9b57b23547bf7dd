import { Schema } from "effect"
import { AnalyticAssignment } from "./Analytic.js"
import { cameraFacts } from "./CameraFacts.js"
import { Line, Zone } from "./geometry/Zone.js"
import { CameraId, EdgeId, ModelId, PlaceId, TenantId } from "./Ids.js"
import { PlainName } from "./PlainText.js"
import { ConfidentialText } from "./SecretText.js"
import { SettingValues } from "./settings/SettingValues.js"
import { Credentials, RtspTransport, TlsTrust } from "./Source.js"

const Name = PlainName(200)
/** It may have a password in it. */
const SourceUrl = ConfidentialText(2048)

/** How the stream is cut into segments for models and jobs, in seconds. */
export const SegmentSettings = Schema.Struct({
  duration: Schema.Number.pipe(Schema.between(1, 10)),
  overlap: Schema.Number.pipe(Schema.between(0, 5))
}).annotations({ identifier: "SegmentSettings" })
export type SegmentSettings = typeof SegmentSettings.Type

/** Which detector runs on the camera and how often. */
export const DetectionSettings = Schema.Struct({
  /** Absent: the first installed object detector. */
  model: Schema.optional(ModelId),
  /** Frames a second at the most. */
  framesPerSecond: Schema.Number.pipe(Schema.between(0.1, 30)),
  /** `motion` runs the detector only while something moves (and for a while after), `always` on every due frame. */
  gate: Schema.Literal("motion", "always"),
  /** `local`, as when absent, looks at frames on the camera's own node; `queue` sends segments to the workers of the model as VideoJobs. */
  placement: Schema.optional(Schema.Literal("local", "queue"))
}).annotations({ identifier: "DetectionSettings" })
export type DetectionSettings = typeof DetectionSettings.Type

/** A word that people sort cameras by. */
export const Label = Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(50), Schema.pattern(/^[^,;\p{Cc}\p{Cs}]*$/u))

const Labels = Schema.Array(Label).pipe(Schema.maxItems(32))
const noLabels = (): ReadonlyArray<string> => []

/** Parts of the picture that nobody is to see: no model, no analytic, no person. */
const Masks = Schema.Array(Zone).pipe(Schema.maxItems(32))
const noMasks = (): ReadonlyArray<Zone> => []
const noSettings = (): SettingValues => ({})
const nothing = () => null
const noMetadata = () => ({})

const configuration = {
  name: Name,
  /** Without user information; see {@link SourceConfig}. */
  url: SourceUrl,
  transport: RtspTransport,
  tls: TlsTrust,
  enabled: Schema.Boolean,
  zones: Schema.Array(Zone).pipe(Schema.maxItems(64)),
  lines: Schema.Array(Line).pipe(Schema.maxItems(64)),
  segment: SegmentSettings,
  detection: DetectionSettings,
  analytics: Schema.Array(AnalyticAssignment).pipe(Schema.maxItems(32))
}

/** A camera as everybody may see it: no credentials. */
export class Camera extends Schema.Class<Camera>("Camera")({
  id: CameraId,
  tenantId: TenantId,
  ...configuration,
  /** The edge that runs it; null: the nodes of the centre do. */
  edge: Schema.optionalWith(Schema.NullOr(EdgeId), { default: () => null }).pipe(Schema.withConstructorDefault(() => null)),
  /** Burnt out of every picture before anybody looks at it; the stream as it is leaves the node no more. */
  masks: Schema.optionalWith(Masks, { default: noMasks }).pipe(Schema.withConstructorDefault(noMasks)),
  /** Where it hangs; null: nobody said. */
  placeId: Schema.optionalWith(Schema.NullOr(PlaceId), { default: () => null }).pipe(Schema.withConstructorDefault(() => null)),
  location: Schema.optionalWith(cameraFacts.location, { default: nothing }).pipe(Schema.withConstructorDefault(nothing)),
  description: Schema.optionalWith(cameraFacts.description, { default: nothing }).pipe(Schema.withConstructorDefault(nothing)),
  metadata: Schema.optionalWith(cameraFacts.metadata, { default: noMetadata }).pipe(Schema.withConstructorDefault(noMetadata)),
  tags: Schema.optionalWith(Labels, { default: noLabels }).pipe(Schema.withConstructorDefault(noLabels)),
  /** Like tags, but for grants: whose cameras these are to look at. */
  groups: Schema.optionalWith(Labels, { default: noLabels }).pipe(Schema.withConstructorDefault(noLabels)),
  /** Those of its own; `segment` and `detection` show them. What it inherits is not among them. */
  settings: Schema.optionalWith(SettingValues, { default: noSettings }).pipe(Schema.withConstructorDefault(noSettings)),
  hasCredentials: Schema.Boolean,
  /** Counts changes; the actor runs exactly one revision. */
  revision: Schema.Int.pipe(Schema.positive()),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}) {}

const encode = Schema.encodeSync(Camera)
const encoded = new WeakMap<Camera, typeof Camera.Encoded>()

/** A camera as JSON has it. It never changes, and a change of it is told in several places: each camera is encoded once. */
export const encodeCamera = (camera: Camera): typeof Camera.Encoded => {
  const known = encoded.get(camera) ?? encode(camera)
  encoded.set(camera, known)
  return known
}

/** What is asked for when a camera is added. User information in `url` is taken as the credentials. */
export const NewCamera = Schema.Struct({
  name: Name,
  url: SourceUrl,
  credentials: Schema.optional(Credentials),
  transport: Schema.optionalWith(RtspTransport, { default: () => "auto" as const }),
  tls: Schema.optionalWith(TlsTrust, { default: () => ({ mode: "system" as const }) }),
  enabled: Schema.optionalWith(Schema.Boolean, { default: () => true }),
  zones: Schema.optionalWith(configuration.zones, { default: () => [] }),
  lines: Schema.optionalWith(configuration.lines, { default: () => [] }),
  segment: Schema.optionalWith(SegmentSettings, { default: () => ({ duration: 5, overlap: 0 }) }),
  detection: Schema.optionalWith(DetectionSettings, { default: () => ({ framesPerSecond: 5, gate: "motion" as const }) }),
  analytics: Schema.optionalWith(configuration.analytics, {
    default: () =>
      (["motion", "tamper", "intrusion"] as const).map((analytic) =>
        AnalyticAssignment.make({ analytic: AnalyticAssignment.fields.analytic.make(analytic), settings: {} })
      )
  }),
  /** The edge that is to run it; absent: the nodes of the centre. */
  edge: Schema.optional(Schema.NullOr(EdgeId)),
  masks: Schema.optional(Masks),
  placeId: Schema.optional(Schema.NullOr(PlaceId)),
  location: Schema.optional(cameraFacts.location),
  description: Schema.optional(cameraFacts.description),
  metadata: Schema.optional(cameraFacts.metadata),
  tags: Schema.optional(Labels),
  groups: Schema.optional(Labels),
  settings: Schema.optional(SettingValues)
}).annotations({ identifier: "NewCamera" })
export type NewCamera = typeof NewCamera.Type

/** What is to change; absent fields stay. `credentials: null` removes them. */
export const CameraPatch = Schema.partial(
  Schema.Struct({
    ...configuration,
    edge: Schema.NullOr(EdgeId),
    masks: Masks,
    placeId: Schema.NullOr(PlaceId),
    ...cameraFacts,
    tags: Labels,
    groups: Labels,
    settings: SettingValues,
    credentials: Schema.NullOr(Credentials)
  })
).annotations({ identifier: "CameraPatch" })
export type CameraPatch = typeof CameraPatch.Type
