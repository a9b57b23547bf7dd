import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { CameraId, TenantId } from "@vigil/core/Ids"
import { EventStore } from "@vigil/core/port/EventStore"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { entry } from "../../Samples.js"
import { FakeRuntime } from "../FakePorts.js"
import { giveUpJob } from "./DeadJob.js"
import { type Answer, password, TestServer } from "../TestServer.js"

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))
const sessionsOf = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: Schema.String })))

/** What a tenant has one of, by kind: ids, and names that stand for ids in addresses. */
export type Things = Readonly<Record<ThingKind, string>>

export type ThingKind =
  | "tenant"
  | "user"
  | "session"
  | "apiKey"
  | "camera"
  | "place"
  | "edge"
  | "event"
  | "workerToken"
  | "identityProvider"
  | "discovery"
  | "erasure"
  | "deadJob"
  | "model"

/** The kind of the first thing that an address names. A new part of the interface with ids has a line here. */
const kinds: ReadonlyArray<readonly [RegExp, ThingKind]> = [
  [/^\/api\/v1\/(users|accounts|privacy\/users)\//, "user"],
  [/^\/api\/v1\/discoveries\//, "discovery"],
  [/^\/api\/v1\/privacy\/erasures\//, "erasure"],
  [/^\/api\/v1\/sessions\//, "session"],
  [/^\/api\/v1\/identity-providers\//, "identityProvider"],
  [/^\/api\/v1\/api-keys\//, "apiKey"],
  [/^\/api\/v1\/(cameras|history|settings\/cameras)\//, "camera"],
  [/^\/api\/v1\/(places|settings\/sites)\//, "place"],
  [/^\/api\/v1\/edges\//, "edge"],
  [/^\/api\/v1\/events\//, "event"],
  [/^\/api\/v1\/worker-tokens\//, "workerToken"],
  [/^\/api\/v1\/jobs\/dead\//, "deadJob"],
  [/^\/api\/v1\/models\//, "model"],
  [/^\/api\/v1\/tenants\//, "tenant"]
]

/** What else addresses name, that is no thing of a tenant's by itself. */
const others: Readonly<Record<string, string>> = {
  viewId: "00000000-0000-4000-8000-00000000000b",
  publicationId: "00000000-0000-4000-8000-00000000000c",
  version: "1",
  part: "0",
  type: "camera",
  name: "south",
  slug: "nobodys"
}

/** The address of a call with the things put in; fails for an address that nothing above knows. */
export const addressOf = (path: string, things: Things): string =>
  path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
    if (parameter === "sessionId") return things.session
    const other = others[parameter]
    if (other !== undefined) return other
    const kind = parameter === "id" ? kinds.find(([pattern]) => pattern.test(path))?.[1] : undefined
    if (kind === undefined) throw new Error(`${path} is new: say in tenancy/Things.ts what its {${parameter}} is`)
    return things[kind]
  })

/** Whether the address names something of a tenant's. */
export const namesThing = (path: string): boolean => /\{(id|sessionId)\}/.test(path)

/** Nobody has these. */
export const unknownThings = (): Things => ({
  tenant: crypto.randomUUID(),
  user: crypto.randomUUID(),
  session: crypto.randomUUID(),
  apiKey: crypto.randomUUID(),
  camera: crypto.randomUUID(),
  place: crypto.randomUUID(),
  edge: crypto.randomUUID(),
  event: crypto.randomUUID(),
  workerToken: crypto.randomUUID(),
  identityProvider: crypto.randomUUID(),
  discovery: crypto.randomUUID(),
  erasure: crypto.randomUUID(),
  deadJob: crypto.randomUUID(),
  model: "nobodys-model"
})

/** The kind of thing that a field of a body or a parameter of a query names by its id. */
const fields: Readonly<Record<string, ThingKind>> = {
  placeId: "place",
  parentId: "place",
  sites: "place",
  places: "place",
  cameraId: "camera",
  cameras: "camera",
  cameraIds: "camera",
  eventIds: "event",
  ids: "camera",
  edge: "edge",
  owner: "user",
  subjectId: "camera",
  userId: "user",
  id: "camera"
}

/** Ids that no row of anything has. */
const withoutOwner: ReadonlySet<string> = new Set(["trackingIds"])

/** The value with the ids in it made those of the things; `field` names what it is in. */
export const withThings = (value: unknown, things: Things, field = ""): unknown => {
  if (Array.isArray(value)) return value.map((each) => withThings(each, things, field))
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withThings(each, things, key)]))
  const kind = fields[field]
  const isId = typeof value === "string" && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)
  if (!isId || withoutOwner.has(field)) return value
  if (kind === undefined) throw new Error(`a field ${field} has an id: say in tenancy/Things.ts of what`)
  return things[kind]
}

/** Asks as the operator of this machine. */
export const operate = (method: string, path: string, body?: unknown) =>
  Effect.gen(function* () {
    const { visit } = yield* TestServer
    const authorization = `Bearer ${Redacted.value((yield* LocalOperator).token)}`
    return yield* visit({ method, path: `/api/v1${path}`, body, headers: { authorization } })
  })

const created = (answer: Answer): string => {
  if (answer.status !== 201) throw new Error(`not made: ${answer.status} ${answer.text}`)
  return idOf(answer.json).id
}

/** A tenant with an administrator who is signed in. */
export const newTenant = (name: string, administrator = `root-of-${name}`) =>
  Effect.gen(function* () {
    const { signIn } = yield* TestServer
    const answer = yield* operate("POST", "/tenants", { name, administrator: { username: administrator, password } })
    return { id: TenantId.make(created(answer)), administrator, cookie: yield* signIn(administrator) }
  })

/** One of everything, in the name of an administrator; the word stands in each of the names. */
export const furnish = (word: string, tenant: TenantId, cookie: string) =>
  Effect.gen(function* () {
    const { signIn, visit } = yield* TestServer
    const make = (path: string, body: unknown) =>
      Effect.map(visit({ method: "POST", path: `/api/v1${path}`, cookie, body }), created)
    /** Made, and not under way any more. */
    const finish = (path: string, body: unknown) =>
      Effect.gen(function* () {
        const { id } = idOf((yield* visit({ method: "POST", path: `/api/v1${path}`, cookie, body })).json)
        yield* Effect.repeat(visit({ path: `/api/v1${path}/${id}`, cookie }), {
          while: ({ text }) => /"running"|"(finishedAt|completedAt|doneAt)":null/.test(text),
          schedule: Schedule.spaced("50 millis"),
          times: 100
        })
        return id
      })
    const place = yield* make("/places", { kind: "site", name: `${word} site` })
    const edge = yield* make("/edges", { name: `${word}-edge` })
    const camera = yield* make("/cameras", {
      name: `${word} camera`,
      url: `rtsp://${word}.example/1`,
      placeId: place,
      tags: [`${word} tag`]
    })
    ;(yield* FakeRuntime).running.add(CameraId.make(camera))
    const event = entry(CameraId.make(camera), 1, { customerId: tenant, detectionMetadata: { zone: `${word} zone` } })
    yield* (yield* EventStore).append(CameraId.make(camera), [event])
    const user = yield* make("/users", { username: `${word}-user`, role: "operator", password })
    yield* signIn(`${word}-user`)
    const sessions = yield* visit({ path: `/api/v1/users/${user}/sessions`, cookie })
    const apiKey = yield* make("/api-keys", { name: `${word} key`, scopes: ["read"] })
    const workerToken = yield* make("/worker-tokens", { name: `${word} worker` })
    const identityProvider = yield* make("/identity-providers", {
      slug: `${word}-sign-in`,
      name: `${word} sign-in`,
      issuer: `https://${word}.example`,
      clientId: word,
      clientSecret: `${word} secret`,
      roles: [],
      defaultRole: "viewer",
      createUsers: false,
      linkUsers: false,
      listed: false,
      enabled: true
    })
    const discovery = yield* finish("/discoveries", {})
    const past = { selection: { to: "2000-01-01T00:00:00Z" }, reason: `${word} reason` }
    const erasure = yield* finish("/privacy/erasures", past)
    const model = `${word}-model`
    const version = { model, version: "1", bytes: 100, sha256: "0".repeat(64) }
    const modelMade = yield* visit({ method: "POST", path: "/api/v1/models/versions", cookie, body: version })
    if (modelMade.status !== 201) throw new Error(`no model: ${modelMade.text}`)
    const deadJob = yield* giveUpJob(tenant, camera, model)
    const session = sessionsOf(sessions.json)[0]?.id ?? ""
    return {
      tenant,
      user,
      session,
      apiKey,
      camera,
      place,
      edge,
      event: event.event.eventId,
      workerToken,
      identityProvider,
      discovery,
      erasure,
      deadJob,
      model
    } satisfies Things
  })
