/** What may be done to versions of models, for whichever store keeps them. */
import { type DateTime, Either } from "effect"
import type { ModelId, TenantId } from "./Ids.js"
import { bytesOfPart, ModelVersion, type NewModelVersion, partsOf } from "./ModelVersion.js"
import { modelLimits, ModelVersionRefused } from "./port/ModelStore.js"

const refused = (reason: ModelVersionRefused["reason"], detail: string) =>
  Either.left(new ModelVersionRefused({ reason, detail }))

const nameOf = ({ model, version }: ModelVersion): string => `version ${version} of the model ${model}`

const sameHints = (a: ModelVersion, b: NewModelVersion): boolean => JSON.stringify(a.hints) === JSON.stringify(b.hints)

/** The version that is to be added; the one that is there where it is the same. */
export const newVersion = (
  before: ReadonlyArray<ModelVersion>,
  tenantId: TenantId,
  model: ModelId,
  { bytes, hints, sha256, version }: NewModelVersion,
  now: DateTime.Utc
): Either.Either<ModelVersion, ModelVersionRefused> => {
  const there = before.find((one) => one.model === model && one.version === version)
  if (there !== undefined) {
    return there.sha256 === sha256 && there.bytes === bytes && sameHints(there, { bytes, hints, sha256, version })
      ? Either.right(there)
      : refused("exists", `there is ${nameOf(there)} already, of another file or description: give this one another name`)
  }
  if (before.length >= modelLimits.versions)
    return refused("too-many", `there are ${before.length} versions of models: remove some first`)
  const total = before.reduce((sum, one) => sum + one.bytes, bytes)
  if (total > modelLimits.bytes)
    return refused("too-many", `all versions of models together would have ${total} bytes, and may have ${modelLimits.bytes}`)
  return Either.right(
    ModelVersion.make({
      tenantId,
      model,
      version,
      state: "uploading",
      active: false,
      bytes,
      sha256,
      hints,
      received: 0,
      descriptor: null,
      refusal: null,
      createdAt: now,
      checkedAt: null
    })
  )
}

/** Whether a part may be kept. */
export const checkPart = (version: ModelVersion, part: number, bytes: number): Either.Either<void, ModelVersionRefused> => {
  if (version.state === "ready")
    return refused("state", `${nameOf(version)} is complete and was checked: it does not change any more`)
  const wanted = bytesOfPart(version.bytes, part)
  if (wanted === undefined)
    return refused(
      "part",
      `a file of ${version.bytes} bytes has the parts 0 to ${partsOf(version.bytes) - 1}, and no part ${part}`
    )
  return wanted === bytes ? Either.void : refused("part", `part ${part} has ${wanted} bytes, and ${bytes} came`)
}

/** Whether it may be looked at. */
export const checkComplete = (version: ModelVersion): Either.Either<void, ModelVersionRefused> => {
  if (version.state === "ready") return refused("state", `${nameOf(version)} was checked already`)
  return version.received === version.bytes
    ? Either.void
    : refused("state", `${version.received} of the ${version.bytes} bytes of ${nameOf(version)} are here: send the rest first`)
}

export const checkActivation = (version: ModelVersion): Either.Either<void, ModelVersionRefused> => {
  if (version.state === "ready") return Either.void
  return version.refusal === null
    ? refused("state", `${nameOf(version)} was not checked yet`)
    : refused("state", `${nameOf(version)} is in quarantine: ${version.refusal.detail}`)
}

export const checkRemoval = (version: ModelVersion): Either.Either<void, ModelVersionRefused> =>
  version.active ? refused("in-use", `${nameOf(version)} is active: activate another one, or none, first`) : Either.void

/** By model, the newest version first. */
export const byModel = (a: ModelVersion, b: ModelVersion): number =>
  a.model.localeCompare(b.model) || b.createdAt.epochMillis - a.createdAt.epochMillis || a.version.localeCompare(b.version)
