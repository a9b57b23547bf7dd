import { DateTime, Equal, Option, Redacted, Schema } from "effect"
import type { ProfileChange } from "./Account.js"
import type { ApiKey } from "./ApiKey.js"
import type { AuditChange } from "./AuditEntry.js"
import { type Camera, encodeCamera } from "./Camera.js"
import type { CameraRecord, CameraSecrets } from "./CameraRecord.js"
import type { Discovery } from "./Discovery.js"
import type { Edge } from "./Edge.js"
import { type ErasedEvents, Erasure, type ErasureId } from "./Erasure.js"
import type { CameraId, EdgeId, TenantId } from "./Ids.js"
import type { NodeName } from "./Node.js"
import type { Place } from "./Place.js"
import type { DeadVideoJob } from "./port/VideoJobQueue.js"
import type { LevelSettings } from "./settings/SettingLevels.js"
import type { SignInPolicy } from "./SecondFactor.js"
import type { Session } from "./Session.js"
import type { Role, User } from "./User.js"
import type { WorkerToken } from "./WorkerToken.js"

type Values = Readonly<Record<string, unknown>>

const secret = "changed"

const valuesOf = (camera: Camera): Values => {
  const { id, tenantId, createdAt, updatedAt, ...values } = encodeCamera(camera)
  return values
}

const cameraSubject = ({ id }: Camera) => ({ type: "camera", id }) as const

/** Which of a camera's secrets changed, in words: `urlSecret` are those within its address. */
const secretsChanged = (before: CameraSecrets, after: CameraSecrets): Values => {
  const plain = ({ address, credentials }: CameraSecrets) => ({
    credentials: Option.map(credentials, ({ password, username }) => JSON.stringify([username, Redacted.value(password)])),
    urlSecret: Option.map(address, Redacted.value)
  })
  const [old, fresh] = [plain(before), plain(after)]
  return {
    ...(Equal.equals(old.credentials, fresh.credentials) ? {} : { credentials: secret }),
    ...(Equal.equals(old.urlSecret, fresh.urlSecret) ? {} : { urlSecret: secret })
  }
}

const noSecrets: CameraSecrets = { credentials: Option.none(), address: Option.none() }

export const cameraCreated = ({ camera, ...secrets }: CameraRecord): AuditChange => ({
  action: "camera.create",
  subject: cameraSubject(camera),
  before: null,
  after: { ...valuesOf(camera), ...secretsChanged(noSecrets, secrets) }
})

export const cameraUpdated = (before: CameraRecord, after: CameraRecord): AuditChange => {
  const [old, fresh] = [valuesOf(before.camera), valuesOf(after.camera)]
  const changed = Object.keys({ ...old, ...fresh }).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]))
  const pick = (values: Values) => Object.fromEntries(changed.map((key) => [key, values[key]]))
  return {
    action: "camera.update",
    subject: cameraSubject(after.camera),
    before: pick(old),
    after: { ...pick(fresh), ...secretsChanged(before, after) }
  }
}

/** Nothing of it changed: somebody had its connection made anew. */
export const cameraRestarted = (camera: Camera): AuditChange => ({
  action: "camera.restart",
  subject: cameraSubject(camera),
  before: null,
  after: null
})

/** Of a job that workers gave up. */
export const deadJobDiscarded = ({ cameraId, deliveries, jobId, model, reason, segmentSequence }: DeadVideoJob): AuditChange => ({
  action: "job.discard",
  subject: { type: "camera", id: cameraId },
  before: { jobId, model, segmentSequence, deliveries, reason },
  after: null
})

export const cameraDeleted = (camera: Camera): AuditChange => ({
  action: "camera.delete",
  subject: cameraSubject(camera),
  before: valuesOf(camera),
  after: null
})

const ofPublishToken = (action: "camera.token.make" | "camera.token.revoke", id: CameraId): AuditChange => ({
  action,
  subject: { type: "camera", id },
  before: null,
  after: action === "camera.token.make" ? { publishToken: secret } : null
})

export const publishTokenMade = (id: CameraId): AuditChange => ofPublishToken("camera.token.make", id)

export const publishTokenRevoked = (id: CameraId): AuditChange => ofPublishToken("camera.token.revoke", id)

const workerTokenSubject = ({ id }: WorkerToken) => ({ type: "worker-token", id }) as const

const valuesOfToken = ({ cameraId, name }: WorkerToken): Values => ({ name, cameraId })

export const workerTokenMade = (token: WorkerToken): AuditChange => ({
  action: "worker.token.make",
  subject: workerTokenSubject(token),
  before: null,
  after: { ...valuesOfToken(token), token: secret }
})

export const workerTokenRevoked = (token: WorkerToken): AuditChange => ({
  action: "worker.token.revoke",
  subject: workerTokenSubject(token),
  before: valuesOfToken(token),
  after: null
})

const ofApiKey = (action: "api-key.create" | "api-key.revoke", { expiresAt, id, name, owner, scopes }: ApiKey): AuditChange => {
  const values = { name, owner: owner.username, scopes, expiresAt: expiresAt === null ? null : DateTime.formatIso(expiresAt) }
  return {
    action,
    subject: { type: "api-key", id },
    before: action === "api-key.create" ? null : values,
    after: action === "api-key.create" ? { ...values, key: secret } : null
  }
}

export const apiKeyCreated = (key: ApiKey): AuditChange => ofApiKey("api-key.create", key)

export const apiKeyRevoked = (key: ApiKey): AuditChange => ofApiKey("api-key.revoke", key)

const ofEdge = (action: "edge.create" | "edge.token" | "edge.revoke", { id, name }: Edge): AuditChange => ({
  action,
  subject: { type: "edge", id },
  before: action === "edge.create" ? null : { name },
  after: action === "edge.revoke" ? null : { name, token: secret }
})

export const edgeCreated = (edge: Edge): AuditChange => ofEdge("edge.create", edge)

export const edgeTokenRenewed = (edge: Edge): AuditChange => ofEdge("edge.token", edge)

export const edgeRevoked = (edge: Edge): AuditChange => ofEdge("edge.revoke", edge)

/** An edge asked for, or told of, what is not its; `about` is what that was. */
export const edgeWasRefused = (edge: EdgeId, about: { readonly [what: string]: string }, detail: string): AuditChange => ({
  action: "edge.refused",
  subject: { type: "edge", id: edge },
  before: null,
  after: { ...about, detail }
})

const placeSubject = ({ id }: Place) => ({ type: "place", id }) as const

const valuesOfPlace = ({ kind, name, parentId, revision }: Place): Values => ({ kind, name, parentId, revision })

export const placeCreated = (place: Place): AuditChange => ({
  action: "place.create",
  subject: placeSubject(place),
  before: null,
  after: valuesOfPlace(place)
})

export const placeUpdated = (before: Place, after: Place): AuditChange => ({
  action: "place.update",
  subject: placeSubject(after),
  before: valuesOfPlace(before),
  after: valuesOfPlace(after)
})

export const placeDeleted = (place: Place): AuditChange => ({
  action: "place.delete",
  subject: placeSubject(place),
  before: valuesOfPlace(place),
  after: null
})

/** Settings of the level `system` are under the nil UUID. */
export const settingsUpdated = (subjectId: string, before: LevelSettings, after: LevelSettings): AuditChange => {
  const keys = Object.keys({ ...before.values, ...after.values }).filter(
    (key) => JSON.stringify(before.values[key]) !== JSON.stringify(after.values[key])
  )
  const pick = ({ revision, values }: LevelSettings): Values => ({
    ...Object.fromEntries(keys.map((key) => [key, values[key] ?? null])),
    revision
  })
  return { action: "settings.update", subject: { type: "settings", id: subjectId }, before: pick(before), after: pick(after) }
}

/** Without the paths: some makers put a password in them. */
const ofDiscovery = (
  action: "discovery.start" | "discovery.cancel",
  { id, request: { onvif, ports, ranges } }: Discovery
): AuditChange => ({
  action,
  subject: { type: "discovery", id },
  before: null,
  after: action === "discovery.start" ? { onvif, ranges, ports } : null
})

/** Somebody has the network looked at. */
export const discoveryStarted = (discovery: Discovery): AuditChange => ofDiscovery("discovery.start", discovery)

export const discoveryCancelled = (discovery: Discovery): AuditChange => ofDiscovery("discovery.cancel", discovery)

const userSubject = ({ id }: Pick<User, "id">) => ({ type: "user", id }) as const

export const userCreated = (user: User, action: "set-up" | "user.create", profile: ProfileChange = {}): AuditChange => ({
  action,
  subject: userSubject(user),
  before: null,
  after: { username: user.username, role: user.role, ...profile, password: secret }
})

export const userUpdated = (
  user: User,
  change: { readonly role?: Role | undefined; readonly passwordHash?: unknown; readonly disabled?: boolean | undefined }
): AuditChange => {
  const isOtherRole = change.role !== undefined && change.role !== user.role
  const isSwitched = change.disabled !== undefined && change.disabled !== user.disabled
  return {
    action: "user.update",
    subject: userSubject(user),
    before: {
      username: user.username,
      ...(isOtherRole ? { role: user.role } : {}),
      ...(isSwitched ? { disabled: user.disabled } : {})
    },
    after: {
      ...(isOtherRole ? { role: change.role } : {}),
      ...(isSwitched ? { disabled: change.disabled } : {}),
      ...(change.passwordHash === undefined ? {} : { password: secret })
    }
  }
}

/** Parts of a user that are changed at once are told at once. */
export const changedAtOnce = (first: AuditChange, others: ReadonlyArray<AuditChange>): AuditChange =>
  others.reduce(
    (told, { after, before }) => ({ ...told, before: { ...told.before, ...before }, after: { ...told.after, ...after } }),
    first
  )

export const userDeleted = (user: User): AuditChange => ({
  action: "user.delete",
  subject: userSubject(user),
  before: { username: user.username, role: user.role },
  after: null
})

const ofSession = (
  action: "sign-in" | "sign-out" | "refresh-token.reused",
  { id, kind }: Pick<Session, "id" | "kind">
): AuditChange => ({
  action,
  subject: { type: "session", id },
  before: null,
  after: action === "sign-in" && kind === "token" ? { kind } : null
})

export const signedIn = (session: Pick<Session, "id" | "kind">): AuditChange => ofSession("sign-in", session)

export const signedOut = (session: Pick<Session, "id" | "kind">): AuditChange => ofSession("sign-out", session)

/** Two had the same refresh token, so the session was ended. */
export const refreshTokenReused = (session: Pick<Session, "id" | "kind">): AuditChange =>
  ofSession("refresh-token.reused", session)

/** A user's second factor: it counts, does not count any more, was used in another way, or a wrong code was given for a right password. */
export const secondFactorChanged = (
  what: "enable" | "disable" | "codes" | "recover" | "refused",
  user: Pick<User, "id">
): AuditChange => ({
  action: `second-factor.${what}`,
  subject: userSubject(user),
  before: null,
  after: what === "enable" || what === "codes" ? { recoveryCodes: secret } : null
})

export const signInPolicySet = (tenant: TenantId, before: SignInPolicy, after: SignInPolicy): AuditChange => ({
  action: "sign-in-policy.update",
  subject: { type: "tenant", id: tenant },
  before: { ...before },
  after: { ...after }
})

/** Access tokens are signed with another key; with `only`, what was signed with others before is not good any more. */
export const signingKeyRotated = (id: string, only: boolean): AuditChange => ({
  action: "signing-key.rotate",
  subject: { type: "signing-key", id },
  before: null,
  after: { only }
})

/** A wrong password, or no such user: what was typed is not told, because people type passwords in the wrong field. */
export const signInRefused = (user: Option.Option<User>): AuditChange => ({
  action: "sign-in.refused",
  subject: { type: "user", id: Option.match(user, { onNone: () => "unknown", onSome: ({ id }) => id }) },
  before: null,
  after: null
})

/** The master key that secrets are under was replaced; keys by their marks. */
export const keysRotated = (
  from: string,
  to: string,
  counts: { readonly secrets: number; readonly unreadable: number }
): AuditChange => ({
  action: "keys.rotate",
  subject: { type: "master-key", id: to },
  before: { key: from },
  after: { key: to, ...counts }
})

const ofNode = (action: "node.drain" | "node.resume", node: NodeName): AuditChange => ({
  action,
  subject: { type: "node", id: node },
  before: null,
  after: null
})

/** Somebody had all cameras of a node given away. */
export const nodeDrained = (node: NodeName): AuditChange => ofNode("node.drain", node)

export const nodeResumed = (node: NodeName): AuditChange => ofNode("node.resume", node)

/** Somebody had cameras given back to the nodes that their shards say. */
export const clusterRebalanced: AuditChange = {
  action: "cluster.rebalance",
  subject: { type: "cluster", id: "all nodes" },
  before: null,
  after: null
}

const encodeErasure = Schema.encodeSync(Erasure)

const ofErasure = (
  action: "privacy.erase" | "privacy.erased",
  erasure: Erasure,
  fields: ReadonlyArray<keyof Erasure>
): AuditChange => ({
  action,
  subject: { type: "erasure", id: erasure.id },
  before: null,
  after: Object.fromEntries(Object.entries(encodeErasure(erasure)).filter(([key]) => fields.some((field) => field === key)))
})

/** Somebody had events erased: which, and why. */
export const erasureBegun = (erasure: Erasure): AuditChange => ofErasure("privacy.erase", erasure, ["selection", "reason"])

export const erasureFinished = (erasure: Erasure): AuditChange => ofErasure("privacy.erased", erasure, ["erased"])

/** An edge has nothing of it on its disk any more. */
export const erasureReachedEdge = (id: ErasureId, edge: NodeName, erased: ErasedEvents): AuditChange => ({
  action: "privacy.erased",
  subject: { type: "erasure", id },
  before: null,
  after: { edge, ...erased }
})

/** Somebody was given all that is kept of a tenant, or of a user. */
export const dataExported = (subject: { readonly type: "tenant" | "user"; readonly id: string }): AuditChange => ({
  action: "privacy.export",
  subject,
  before: null,
  after: null
})
