import { describe, expect, layer } from "@effect/vitest"
import { defaultPasswordPolicy, PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { Role } from "@vigil/core/User"
import { Console, Effect, Schema } from "effect"
import type { Operation } from "./fuzz/Operations.js"
import { rpcClient } from "./RpcVisitor.js"
import { callHttp, callRpc, httpCalls, isMalformed, problemOf, rpcCalls } from "./tenancy/Calls.js"
import { httpPermissions, isPermitted, rpcPermissions, type Permission } from "./tenancy/Permissions.js"
import { newTenant, unknownThings } from "./tenancy/Things.js"
import { type Answer, layerTestServer, password, TestServer } from "./TestServer.js"

/** Users of each role in each tenant; calls go round them, so that all of them are asked with. */
const each = 5
const seeds = Array.from({ length: 60 }, (_, seed) => seed)

interface Person {
  readonly username: string
  readonly cookie: string
}

/** A column of the matrix: who has one role in one tenant. */
interface Column {
  readonly role: Role
  readonly isInstallation: boolean
  readonly people: ReadonlyArray<Person>
}

const columnsOf = (tenant: string, isInstallation: boolean, cookie: string) =>
  Effect.forEach(Role.literals, (role) =>
    Effect.gen(function* () {
      const { signIn, visit } = yield* TestServer
      const people = yield* Effect.forEach(
        Array.from({ length: each }, (_, number) => `${tenant}-${role}-${number + 1}`),
        (username) =>
          Effect.gen(function* () {
            const body = { username, role, password }
            const answer = yield* visit({ method: "POST", path: "/api/v1/users", cookie, body })
            expect(answer.status, answer.text).toBe(201)
            return { username, cookie: yield* signIn(username) }
          }),
        { concurrency: 2 }
      )
      return { role, isInstallation, people } satisfies Column
    })
  )

const encodePolicy = Schema.encodeSync(PasswordPolicy)

/** Bodies by which people say who they are, and those that would lock somebody out. */
const bodyFor = ({ id }: Operation, { username }: Person): unknown => {
  if (id === "signIn.signIn" || id === "tokens.begin") return { username, password }
  if (id === "signInPolicy.set") return { secondFactor: "optional" }
  if (id === "accounts.setPasswordPolicy") return encodePolicy(defaultPasswordPolicy)
  if (id === "session.changePassword") return { current: password, next: password }
  return undefined
}

const mask = (name: string, left: number) => ({
  name,
  polygon: [
    { x: left, y: 0 },
    { x: left + 0.2, y: 0 },
    { x: left, y: 0.2 }
  ]
})

const masked = { name: "Masked", url: "rtsp://192.0.2.99/1", masks: [mask("window", 0)] }

/** What is in a call may need more than the call: here of a camera that is masked. */
const maskCalls = [
  {
    name: "cameras.update, a mask more",
    needed: "supervisor",
    method: "PATCH",
    body: { masks: [...masked.masks, mask("desk", 0.5)] }
  },
  { name: "cameras.update, a mask less", needed: "admin", method: "PATCH", body: { masks: [] } },
  { name: "cameras.remove, with masks", needed: "admin", method: "DELETE", body: undefined },
  { name: "cameras.create, without its masks", needed: "admin", method: "POST", body: { name: "Again", url: masked.url } }
] as const

const idOf = Schema.decodeUnknown(Schema.Struct({ id: Schema.UUID }))

type Cell = "yes" | "no" | "?"

const cellOf = (answer: Answer, needed: Permission | undefined): Cell => {
  const isForbidden = answer.status === 403 && ["forbidden", "scope"].includes(problemOf(answer))
  // What anybody may ask may still be answered with that the token in it is none.
  if (needed === "anybody" && answer.status < 500) return isForbidden ? "no" : "yes"
  if (isMalformed(answer) || (answer.status >= 500 && ![502, 503].includes(answer.status))) return "?"
  return answer.status === 401 || isForbidden ? "no" : "yes"
}

const line = (name: string, cells: ReadonlyArray<string>, needed: string) =>
  `${name.padEnd(32)} ${cells.map((cell) => cell.padEnd(5)).join("")}  ${needed}`

const heading = [
  line("", ["installation's own", "", "", "", "  another tenant"], ""),
  line(
    "call",
    [...Role.literals, ...Role.literals].map((role) => role.slice(0, 4)),
    "needed"
  )
].join("\n")

describe("permissions", () => {
  layer(layerTestServer(), { timeout: 120_000, excludeTestServices: true })((it) => {
    it.scoped(
      "of all roles, in two tenants of twenty users each, are as the matrix says in every call",
      () =>
        Effect.gen(function* () {
          const { cookies, signIn, visit } = yield* TestServer
          const other = yield* newTenant("other")
          const columns = [...(yield* columnsOf("own", true, cookies.admin)), ...(yield* columnsOf("other", false, other.cookie))]
          const people = columns.flatMap((column) => column.people)
          expect(people).toHaveLength(40)
          const renewed = new Map<string, string>()
          const asked = new Set<string>()
          /** The body of each call that is looked at by whoever may make it. */
          const meaningful = new Map<string, number>()
          const things = unknownThings()

          const ask = (operation: Operation, person: Person) =>
            Effect.gen(function* () {
              asked.add(person.username)
              const given = bodyFor(operation, person)
              const needed = httpPermissions[operation.id]
              for (const seed of given === undefined ? seeds.slice(meaningful.get(operation.id) ?? 0) : [0]) {
                const call = Effect.suspend(() =>
                  callHttp(operation, things, seed, { cookie: renewed.get(person.username) ?? person.cookie }, given)
                )
                let answer = yield* call
                if (answer.status === 401 && needed !== "publisher" && needed !== "anybody") {
                  renewed.set(person.username, yield* signIn(person.username))
                  answer = yield* call
                }
                const cell = cellOf(answer, needed)
                meaningful.set(operation.id, seed)
                if (cell !== "?" || operation.body === undefined) return cell
              }
              return "?"
            })

          const clients = new Map<string, Effect.Effect.Success<ReturnType<typeof rpcClient>>>()
          const askRpc = (tag: string, { cookie, username }: Person) =>
            Effect.gen(function* () {
              const client = clients.get(username) ?? (yield* rpcClient(renewed.get(username) ?? cookie))
              clients.set(username, client)
              const { failed, text } = yield* callRpc(client, tag, things)
              if (failed && /RpcClientError|Unauthorized|TimeoutException|"Die"/.test(text)) return "?"
              return failed && text.includes('"Forbidden"') ? "no" : "yes"
            })

          const lines: Array<string> = []
          const wrong: Array<string> = []
          const row = <E, R>(
            name: string,
            needed: Permission | undefined,
            index: number,
            cell: (person: Person) => Effect.Effect<Cell, E, R>
          ) =>
            Effect.gen(function* () {
              const cells = yield* Effect.forEach(columns, ({ people: all }) => {
                const person = all[index % each]
                if (person === undefined) throw new Error("there is nobody")
                return cell(person)
              })
              const shown = line(name, cells, needed ?? "UNKNOWN: say in tenancy/Permissions.ts who may")
              lines.push(shown)
              const expected = columns.map((column) => (needed !== undefined && isPermitted(needed, column) ? "yes" : "no"))
              if (needed === undefined || cells.some((found, column) => found !== expected[column])) wrong.push(shown)
            })

          /** Asks it of a camera of its own, which an administrator of the tenant masked. */
          const askMasked = ({ body, method }: (typeof maskCalls)[number], { cookie, username }: Person) =>
            Effect.gen(function* () {
              const own = columns.find(({ people: all }) => all.some((person) => person.username === username))
              const admin = columns.find(({ isInstallation, role }) => role === "admin" && isInstallation === own?.isInstallation)
              const path = "/api/v1/cameras"
              const made = yield* visit({ method: "POST", path, cookie: admin?.people[0]?.cookie, body: masked })
              const one = `${path}/${(yield* idOf(made.json)).id}`
              const { status, text } = yield* visit({ method, path: method === "POST" ? path : one, cookie, body })
              if (status !== 403) expect(status, text).toBeLessThan(300)
              return status === 403 ? "no" : "yes"
            })
          for (const [index, call] of maskCalls.entries()) {
            yield* row(call.name, call.needed, index, (person) => askMasked(call, person))
          }
          for (const [index, operation] of httpCalls.entries()) {
            yield* row(operation.id, httpPermissions[operation.id], index, (person) => ask(operation, person))
          }
          for (const [index, tag] of rpcCalls.entries()) {
            yield* row(`RPC ${tag}`, rpcPermissions[tag], index, (person) => askRpc(tag, person))
          }
          yield* Console.log(`${heading}\n${lines.join("\n")}`)
          expect(wrong).toEqual([])
          expect(asked.size).toBe(40)
          const known = new Set([...httpCalls.map(({ id }) => id), ...rpcCalls])
          expect([...Object.keys(httpPermissions), ...Object.keys(rpcPermissions)].filter((name) => !known.has(name))).toEqual([])
        }),
      { timeout: 300_000 }
    )
  })
})
