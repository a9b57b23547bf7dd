import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { ModelStore } from "@vigil/core/port/ModelStore"
import type { Role } from "@vigil/core/User"
import type { VersionedType } from "@vigil/core/VersionedType"
import { Effect, Either, Redacted, Schema } from "effect"
import { describedModel } from "../../Samples.js"
import { type Answer, password, TestServer } from "../TestServer.js"

const operator = "operator of the machine"

/** Who asks; `operator` is the operator of the machine. */
export type Asker = Exclude<Role, "operator"> | typeof operator

export const ask = (who: Asker, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const call = { method, path: `/api/v1${path}`, body }
    if (who !== operator) return yield* visit({ ...call, headers, cookie: cookies[who] })
    const authorization = `Bearer ${Redacted.value((yield* LocalOperator).token)}`
    return yield* visit({ ...call, headers: { ...headers, authorization } })
  })

/** The answer, of what must work. */
export const did = (who: Asker, method: string, path: string, body?: unknown): Effect.Effect<Answer, never, Needs> =>
  Effect.tap(ask(who, method, path, body), ({ status, text }) =>
    status < 300 ? Effect.void : Effect.die(new Error(`${method} ${path}: ${status} ${text}`))
  )

type Needs = Effect.Effect.Context<ReturnType<typeof ask>> | ModelStore

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))

const made = (who: Asker, path: string, body: () => unknown) =>
  Effect.suspend(() => Effect.map(did(who, "POST", path, body()), ({ json }) => idOf(json).id))

const named = (word: string) => `${word}-${crypto.randomUUID().slice(0, 8)}`

/** Where a camera goes back. */
export const rollbackOf = ({ id }: { readonly id: string }) => `/history/camera/${id}/rollback`

/** One type of object: what is done to one, and what is said of it. */
export interface RollbackCase {
  readonly type: VersionedType
  /** The least who may. */
  readonly who: Asker
  /** The most who may not. */
  readonly tooLittle: Asker
  readonly make: Effect.Effect<string, never, Needs>
  /** One after the other. */
  readonly changes: (id: string) => ReadonlyArray<Effect.Effect<unknown, never, Needs>>
  /** All that is configured. */
  readonly read: (id: string) => Effect.Effect<unknown, never, Needs>
  readonly remove?: (id: string) => Effect.Effect<unknown, never, Needs>
  /** What is said of one that was removed where it does not come back. */
  readonly gone?: RegExp
  /** Takes away what a revision needs; how going back to it is refused. */
  readonly outgrow?: (
    id: string
  ) => Effect.Effect<{ readonly revision: number; readonly kind: string; readonly detail: RegExp }, never, Needs>
}

/** Without what counts and dates changes. */
const configured = ({ json }: Answer): unknown => {
  const { createdAt, revision, updatedAt, ...values } = Schema.decodeUnknownSync(
    Schema.Record({ key: Schema.String, value: Schema.Unknown })
  )(json)
  return values
}

const looked = (who: Asker, path: string) => Effect.map(did(who, "GET", path), configured)

/** Of a zone or a mask. */
export const polygon = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 }
]

const camera: RollbackCase = {
  type: "camera",
  who: "supervisor",
  tooLittle: "viewer",
  make: Effect.gen(function* () {
    const placeId = yield* made("supervisor", "/places", () => ({ kind: "site", name: named("site") }))
    return yield* made("supervisor", "/cameras", () => ({
      name: "Gate",
      url: `rtsp://${named("gate")}.example/1`,
      placeId,
      zones: [{ name: "Lawn", polygon }],
      groups: ["outside"],
      detection: { framesPerSecond: 2, gate: "always" },
      settings: { "segment.overlap": 1 }
    }))
  }),
  changes: (id) => [
    did("supervisor", "PATCH", `/cameras/${id}`, { name: "Door", placeId: null, zones: [], settings: {} }),
    did("supervisor", "PATCH", `/cameras/${id}`, {
      enabled: false,
      groups: [],
      tags: ["b"]
    })
  ],
  read: (id) => looked("supervisor", `/cameras/${id}`),
  remove: (id) => did("admin", "DELETE", `/cameras/${id}`),
  outgrow: (id) =>
    Effect.gen(function* () {
      const { placeId } = Schema.decodeUnknownSync(Schema.Struct({ placeId: Schema.String }))(
        (yield* did("supervisor", "GET", `/cameras/${id}`)).json
      )
      yield* did("supervisor", "PATCH", `/cameras/${id}`, { placeId: null })
      yield* did("supervisor", "DELETE", `/places/${placeId}`)
      return { revision: 1, kind: "rollback-fit", detail: /there is no place/ }
    })
}

const place: RollbackCase = {
  type: "place",
  who: "supervisor",
  tooLittle: "viewer",
  make: Effect.gen(function* () {
    const parentId = yield* made("supervisor", "/places", () => ({ kind: "site", name: named("site") }))
    return yield* made("supervisor", "/places", () => ({ kind: "building", name: "Hall", parentId }))
  }),
  changes: (id) => [
    did("supervisor", "PATCH", `/places/${id}`, { name: "Hall 2" }),
    Effect.gen(function* () {
      const parentId = yield* made("supervisor", "/places", () => ({ kind: "site", name: named("site") }))
      yield* did("supervisor", "PATCH", `/places/${id}`, { parentId })
    })
  ],
  read: (id) => looked("supervisor", `/places/${id}`),
  remove: (id) => did("supervisor", "DELETE", `/places/${id}`),
  outgrow: (id) =>
    Effect.gen(function* () {
      const { parentId } = Schema.decodeUnknownSync(Schema.Struct({ parentId: Schema.String }))(
        (yield* did("supervisor", "GET", `/places/${id}`)).json
      )
      const other = yield* made("supervisor", "/places", () => ({ kind: "site", name: named("site") }))
      yield* did("supervisor", "PATCH", `/places/${id}`, { parentId: other })
      yield* did("supervisor", "DELETE", `/places/${parentId}`)
      return { revision: 1, kind: "rollback-fit", detail: /there is no place/ }
    })
}

const settings: RollbackCase = {
  type: "settings",
  who: "supervisor",
  tooLittle: "viewer",
  make: Effect.tap(
    made("supervisor", "/places", () => ({ kind: "site", name: named("site") })),
    (id) => did("supervisor", "PATCH", `/settings/sites/${id}`, { "segment.duration": 4 })
  ),
  changes: (id) => [
    did("supervisor", "PATCH", `/settings/sites/${id}`, { "segment.duration": 6, "buffer.seconds": 9 }),
    did("supervisor", "PATCH", `/settings/sites/${id}`, { "segment.duration": null, "segment.overlap": 1 })
  ],
  read: (id) => looked("supervisor", `/settings/sites/${id}`)
}

const user: RollbackCase = {
  type: "user",
  who: "admin",
  tooLittle: "supervisor",
  make: made("admin", "/users", () => ({ username: named("mover"), role: "operator", password })),
  changes: (id) => [
    Effect.gen(function* () {
      yield* did("admin", "PATCH", `/users/${id}`, { role: "viewer" })
      yield* did("admin", "PATCH", `/accounts/${id}`, { displayName: "Zoë", email: "zoe@example.org" })
    }),
    Effect.gen(function* () {
      const site = yield* made("admin", "/places", () => ({ kind: "site", name: named("site") }))
      yield* did("admin", "PUT", `/users/${id}/grants`, { places: [site], groups: ["outside"] })
      yield* did("admin", "PATCH", `/users/${id}`, { disabled: true })
    })
  ],
  read: (id) =>
    Effect.all([
      looked("admin", `/accounts/${id}`),
      looked("admin", `/users/${id}/grants`),
      Effect.map(did("admin", "GET", "/users"), ({ json }) =>
        Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: Schema.String, disabled: Schema.Boolean })))(json).find(
          (each) => each.id === id
        )
      )
    ]),
  remove: (id) => did("admin", "DELETE", `/users/${id}`),
  gone: /password and the second factor went with it/,
  outgrow: (id) =>
    Effect.gen(function* () {
      const site = yield* made("admin", "/places", () => ({ kind: "site", name: named("site") }))
      yield* did("admin", "PUT", `/users/${id}/grants`, { places: [site], groups: [] })
      yield* did("admin", "PATCH", `/users/${id}`, { role: "supervisor" })
      yield* did("admin", "PUT", `/users/${id}/grants`, { places: [], groups: [] })
      yield* did("admin", "DELETE", `/places/${site}`)
      return { revision: 2, kind: "rollback-fit", detail: /there is no place/ }
    })
}

const identityProvider: RollbackCase = {
  type: "identity-provider",
  who: "admin",
  tooLittle: "supervisor",
  make: made("admin", "/identity-providers", () => ({
    slug: named("office"),
    name: "Office",
    issuer: "https://id.example.org",
    clientId: "vigil",
    clientSecret: "hunter2",
    roles: [{ value: "cctv", role: "operator" }]
  })),
  changes: (id) => [
    did("admin", "PATCH", `/identity-providers/${id}`, { roles: [], enabled: false }),
    did("admin", "PATCH", `/identity-providers/${id}`, { name: "Head office", clientSecret: "hunter3" })
  ],
  read: (id) => looked("admin", `/identity-providers/${id}`),
  remove: (id) => did("admin", "DELETE", `/identity-providers/${id}`),
  gone: /client secret/
}

/** While it is required nobody without one may do anything, but for the operator of the machine. */
const signInPolicy: RollbackCase = {
  type: "sign-in-policy",
  who: operator,
  tooLittle: "supervisor",
  make: Effect.gen(function* () {
    for (const secondFactor of ["required", "optional"]) yield* did(operator, "PUT", "/sign-in-policy", { secondFactor })
    return defaultTenant
  }),
  changes: () => [did(operator, "PUT", "/sign-in-policy", { secondFactor: "required" })],
  read: () => looked(operator, "/sign-in-policy")
}

const passwordPolicy: RollbackCase = {
  type: "password-policy",
  who: "admin",
  tooLittle: "supervisor",
  make: Effect.zipRight(
    did("admin", "PUT", "/password-policy", { shortestPassword: 12, rememberedPasswords: 1, lockAfter: 10, lockMinutes: 5 }),
    Effect.succeed(defaultTenant)
  ),
  changes: () => [
    did("admin", "PUT", "/password-policy", { shortestPassword: 14, rememberedPasswords: 1, lockAfter: null, lockMinutes: 5 }),
    did("admin", "PUT", "/password-policy", { shortestPassword: 8, rememberedPasswords: 0, lockAfter: 20, lockMinutes: null })
  ],
  read: () => looked("admin", "/password-policy")
}

/** A version that may be activated. */
export const readyModel = (model: string, version: string) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const id = ModelId.make(model)
    const sha256 = "a".repeat(64)
    yield* store.create(defaultTenant, id, { version, bytes: 1, sha256, hints: {} })
    yield* store.putPart(defaultTenant, id, version, 0, Uint8Array.of(1))
    yield* store.judge(defaultTenant, id, version, Either.right(describedModel(model, version, { sha256, bytes: 1 })))
    // swallowed: without the model there is nothing to test
  }).pipe(Effect.orDie)

const model: RollbackCase = {
  type: "model",
  who: "admin",
  tooLittle: "supervisor",
  make: Effect.gen(function* () {
    const id = named("forklifts")
    for (const version of ["1", "2"]) yield* readyModel(id, version)
    yield* did("admin", "POST", `/models/${id}/versions/1/activate`)
    return id
  }),
  changes: (id) => [did("admin", "POST", `/models/${id}/versions/2/activate`), did("admin", "POST", `/models/${id}/deactivate`)],
  read: (id) =>
    Effect.map(did("admin", "GET", "/models/versions"), ({ json }) =>
      Schema.decodeUnknownSync(
        Schema.Array(Schema.Struct({ model: Schema.String, version: Schema.String, active: Schema.Boolean }))
      )(json).filter((each) => each.model === id)
    ),
  outgrow: (id) =>
    Effect.gen(function* () {
      yield* did("admin", "POST", `/models/${id}/versions/2/activate`)
      yield* did("admin", "DELETE", `/models/${id}/versions/1`)
      return { revision: 1, kind: "rollback-fit", detail: /there is no version/ }
    })
}

const newTenant = made(operator, "/tenants", () => ({
  name: named("tenant"),
  administrator: { username: named("root"), password },
  licence: { cameras: 5, validFrom: null, validUntil: "2090-01-01T00:00:00.000Z", models: ["forklifts"] }
}))

const tenant: RollbackCase = {
  type: "tenant",
  who: operator,
  tooLittle: "admin",
  make: newTenant,
  changes: (id) => [
    did(operator, "PATCH", `/tenants/${id}`, { name: named("renamed") }),
    did(operator, "PATCH", `/tenants/${id}`, { suspended: true })
  ],
  read: (id) => looked(operator, `/tenants/${id}`),
  remove: (id) =>
    Effect.zipRight(did(operator, "PATCH", `/tenants/${id}`, { suspended: true }), did(operator, "DELETE", `/tenants/${id}`)),
  gone: /people, cameras and events went with it/,
  outgrow: (id) =>
    Effect.gen(function* () {
      const { name } = Schema.decodeUnknownSync(Schema.Struct({ name: Schema.String }))(
        (yield* did(operator, "GET", `/tenants/${id}`)).json
      )
      yield* did(operator, "PATCH", `/tenants/${id}`, { name: named("renamed") })
      yield* did(operator, "POST", "/tenants", { name, administrator: { username: named("root"), password } })
      return { revision: 1, kind: "tenant-name-taken", detail: /there is a tenant named/ }
    })
}

const licence: RollbackCase = {
  type: "licence",
  who: operator,
  tooLittle: "admin",
  make: newTenant,
  changes: (id) => [
    did(operator, "PUT", `/tenants/${id}/licence`, { cameras: 9, validFrom: null, validUntil: null, models: null }),
    did(operator, "PUT", `/tenants/${id}/licence`, {
      cameras: null,
      validFrom: "2020-01-01T00:00:00.000Z",
      validUntil: null,
      models: []
    })
  ],
  read: (id) => looked(operator, `/tenants/${id}/licence`)
}

/** Every type that goes back to its versions. */
export const rollbackCases: ReadonlyArray<RollbackCase> = [
  camera,
  place,
  settings,
  user,
  identityProvider,
  signInPolicy,
  passwordPolicy,
  model,
  tenant,
  licence
]
