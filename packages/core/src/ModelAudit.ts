import type { AuditChange } from "./AuditEntry.js"
import type { ModelId } from "./Ids.js"
import type { ModelVersion } from "./ModelVersion.js"

const subject = (model: ModelId) => ({ type: "model", id: model }) as const

const valuesOf = ({ active, bytes, refusal, sha256, state, version }: ModelVersion) => ({
  version,
  sha256,
  bytes,
  state,
  active,
  ...(refusal === null ? {} : { refusal: refusal.detail })
})

export const modelVersionCreated = (version: ModelVersion): AuditChange => ({
  action: "model.create",
  subject: subject(version.model),
  before: null,
  after: valuesOf(version)
})

export const modelVersionJudged = (before: ModelVersion, after: ModelVersion): AuditChange => ({
  action: "model.check",
  subject: subject(after.model),
  before: { version: before.version, state: before.state },
  after: valuesOf(after)
})

/** `null` where no version was or is active. */
export const modelActivated = (model: ModelId, before: string | null, after: string | null): AuditChange => ({
  action: after === null ? "model.deactivate" : "model.activate",
  subject: subject(model),
  before: { version: before },
  after: { version: after }
})

export const modelVersionDeleted = (version: ModelVersion): AuditChange => ({
  action: "model.delete",
  subject: subject(version.model),
  before: valuesOf(version),
  after: null
})
