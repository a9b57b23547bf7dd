import { type DateTime, Either, Schema } from "effect"
import { ModelId, TenantId } from "./Ids.js"
import { ModelAdapter, ModelDescriptor, ModelError, ModelInput, ModelRequirements, ModelTask } from "./Model.js"
import { PlainName } from "./PlainText.js"
import { Priority } from "./Priority.js"

/** What people call a version, for example `1.4.0`. */
export const VersionName = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)).annotations({
  identifier: "VersionName"
})
export type VersionName = typeof VersionName.Type

/** Bytes of each part of an uploaded file but the last, which is what is left. */
export const partSize = 1_000_000

/** Bytes of the largest file. */
const largestModel = 512_000_000

const Title = PlainName(200)
const Word = PlainName(100)

/** What somebody says of a model; what is absent is read from the file, with its family's usual preprocessing. */
export const ModelHints = Schema.Struct({
  title: Schema.optional(Title),
  task: Schema.optional(ModelTask),
  licence: Schema.optional(Word),
  priority: Schema.optional(Priority),
  requirements: Schema.optional(ModelRequirements),
  adapter: Schema.optional(ModelAdapter),
  input: Schema.optional(ModelInput),
  labels: Schema.optional(Schema.NonEmptyArray(Word).pipe(Schema.maxItems(10_000))),
  thresholds: Schema.optional(ModelDescriptor.fields.thresholds)
}).annotations({ identifier: "ModelHints" })
export type ModelHints = typeof ModelHints.Type

/** A version that is to be uploaded. */
export const NewModelVersion = Schema.Struct({
  version: VersionName,
  /** Of the ONNX file. */
  bytes: Schema.Int.pipe(Schema.between(1, largestModel)),
  sha256: ModelDescriptor.fields.sha256,
  hints: Schema.optionalWith(ModelHints, { default: () => ({}) })
}).annotations({ identifier: "NewModelVersion" })
export type NewModelVersion = typeof NewModelVersion.Type

/** Why a file stays in quarantine. */
export const ModelRefusal = Schema.Struct({ reason: ModelError.fields.reason, detail: Schema.String }).annotations({
  identifier: "ModelRefusal"
})
export type ModelRefusal = typeof ModelRefusal.Type

/**
 * One version of a tenant's own model. `uploading`: parts of its file are missing, or it was not checked yet; `ready`: it was checked and tried, and can be activated;
 * `quarantined`: it was refused, and nothing runs it.
 */
export class ModelVersion extends Schema.Class<ModelVersion>("ModelVersion")({
  tenantId: TenantId,
  model: ModelId,
  version: VersionName,
  state: Schema.Literal("uploading", "ready", "quarantined"),
  /** Cameras that name the model run this version. */
  active: Schema.Boolean,
  bytes: Schema.Int,
  sha256: ModelDescriptor.fields.sha256,
  hints: ModelHints,
  /** Bytes that are here. */
  received: Schema.Int,
  /** Of what is ready. */
  descriptor: Schema.NullOr(ModelDescriptor),
  /** Of what is in quarantine. */
  refusal: Schema.NullOr(ModelRefusal),
  createdAt: Schema.DateTimeUtc,
  checkedAt: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/** How many parts a file of so many bytes has. */
export const partsOf = (bytes: number): number => Math.ceil(bytes / partSize)

/** The bytes that a part must have; nothing where there is no such part. */
export const bytesOfPart = (bytes: number, part: number): number | undefined =>
  Number.isInteger(part) && part >= 0 && part < partsOf(bytes) ? Math.min(partSize, bytes - part * partSize) : undefined

/** What came of looking at a file: its descriptor, or why it is refused. */
export type ModelVerdict = Either.Either<ModelDescriptor, ModelRefusal>

/** The version after it was looked at. */
export const judged = (version: ModelVersion, verdict: ModelVerdict, at: DateTime.Utc): ModelVersion =>
  ModelVersion.make({
    ...version,
    ...Either.match(verdict, {
      onLeft: (refusal) => ({ state: "quarantined" as const, refusal, descriptor: null }),
      onRight: (descriptor) => ({ state: "ready" as const, refusal: null, descriptor })
    }),
    checkedAt: at
  })
