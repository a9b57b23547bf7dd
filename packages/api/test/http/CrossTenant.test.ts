import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { CameraId, defaultTenant, type TenantId } from "@vigil/core/Ids"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { Console, Effect, Schedule } from "effect"
import type { Operation } from "./fuzz/Operations.js"
import { rpcClient } from "./RpcVisitor.js"
import {
  bodiesNaming,
  callHttp,
  callNaming,
  callRpc,
  httpCalls,
  isMalformed,
  problemOf,
  rpcCalls,
  sendsThing
} from "./tenancy/Calls.js"
import { furnish, namesThing, newTenant, type Things, unknownThings } from "./tenancy/Things.js"
import { type Answer, layerTestServer, password, TestServer } from "./TestServer.js"

/** The word in the name of everything that the other tenant has. */
const word = "secretum"

/** Calls that are about whoever makes them, or take no session; and those that would shut the caller out of the calls that follow. */
const left: Readonly<Record<string, string>> = {
  "session.signOut": "ends the caller's own session",
  "whip.trickle": "answers everybody that it does no such thing",
  "signInPolicy.set": "may want a second factor of the caller"
}

/** These want another credential than a session; they are called with one of the caller's own tenant. */
const forPublishers = /\/cameras\/\{id\}\/whip/

const bodySeeds = Array.from({ length: 40 }, (_, seed) => seed)

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** An answer without ids and names of things, which are those that were asked with. */
const plain = (answer: Answer, things: Things): string =>
  `${answer.status} ${answer.text.replaceAll(things.model, "MODEL").replace(uuid, "ID")}`

/** Nothing was done, or nothing to any of the things that it was asked for. */
const isRefusal = ({ status, text }: Answer): boolean =>
  status >= 400 || (/-not-found"/.test(text) && !text.includes('"done":true'))

/** All that a tenant has, in short. Not what using credentials changes, nor what the server does by itself with what is there. */
const stateOf = (tenant: TenantId) =>
  Effect.flatMap(Database, (database) =>
    database.system("look", (sql) =>
      Effect.gen(function* () {
        const tables = yield* sql<{ readonly name: string }>`select c.relname as name from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'outbox' order by 1`
        const found: Record<string, unknown> = {}
        for (const { name } of tables) {
          found[name] = yield* sql`select to_jsonb(t) - 'last_seen_at' - 'last_used_at' - 'expires_at'
              - 'published_sequence' - 'settled_at' as row
            from ${sql(name)} t where tenant_id = ${tenant} order by 1`
        }
        return found
      })
    )
  )

const made = Effect.gen(function* () {
  const theirs = yield* newTenant("theirs", `${word}-root`)
  const things = yield* furnish(word, theirs.id, theirs.cookie)
  const ours = yield* newTenant("ours")
  const own = yield* furnish("ours", ours.id, ours.cookie)
  return { theirs, things, ours, own }
})

describe("another tenant's things", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.scoped(
      "are not there, in any call: nothing is told, nothing changes, and the attempt is noted",
      () =>
        Effect.gen(function* () {
          const { signIn, visit } = yield* TestServer
          const { ours, own, theirs, things } = yield* made
          const before = yield* stateOf(theirs.id)
          let cookie = ours.cookie

          const publishToken = newToken()
          yield* (yield* PublishTokenStore).set(ours.id, CameraId.make(own.camera), hashToken(publishToken))
          const headersFor = ({ path }: Operation): Record<string, string> =>
            forPublishers.test(path) ? { authorization: `Bearer ${publishToken}` } : { cookie }

          /** The answer to the first body that is looked at; whoever lost the session signs in again. */
          const ask = (operation: Operation, asked: Things) =>
            Effect.gen(function* () {
              let answer: Answer | undefined
              for (const seed of bodySeeds) {
                answer = yield* callHttp(operation, asked, seed, headersFor(operation))
                if (answer.status === 401 && !forPublishers.test(operation.path)) {
                  cookie = yield* signIn(ours.administrator)
                  answer = yield* callHttp(operation, asked, seed, { cookie })
                }
                if (!isMalformed(answer) || operation.body === undefined) break
              }
              if (answer === undefined) throw new Error("nothing was asked")
              return answer
            })

          const complaints: Array<string> = []
          let compared = 0
          const nobodys = unknownThings()
          for (const operation of httpCalls.filter(({ id }) => !(id in left))) {
            const answer = yield* ask(operation, things)
            const shown = `${operation.id}: ${answer.status} ${answer.text.slice(0, 300)}`
            const rest = Object.values(things).reduce((text, id) => text.replaceAll(id, ""), answer.text)
            if (answer.status >= 500 && answer.status !== 502) complaints.push(`fails: ${shown}`)
            if (rest.toLowerCase().includes(word)) complaints.push(`tells: ${shown}`)
            if (!namesThing(operation.path)) {
              // A list tells none of them; that it was not asked for with their ids is what this is about.
              const told = Object.values(things).filter((id) => !isRefusal(answer) && answer.text.includes(id))
              if (told.length > 0) complaints.push(`tells ids: ${shown}`)
              continue
            }
            compared += 1
            const unknown = yield* ask(operation, nobodys)
            if (plain(answer, things) !== plain(unknown, nobodys)) {
              complaints.push(`differs from what nobody has: ${shown}\n${unknown.status} ${unknown.text}`)
            }
            const isClosed = answer.status === 403 && ["forbidden", "scope"].includes(problemOf(answer))
            if (answer.status !== 404 && !isClosed) {
              complaints.push(`is not told that there is none; if its body is why, give it one in tenancy/Calls.ts: ${shown}`)
            }
          }
          let named = 0
          for (const operation of httpCalls.filter(({ id }) => !(id in left))) {
            const bodies = bodiesNaming(operation, things)
            const unknowns = bodiesNaming(operation, nobodys)
            let refused = 0
            for (const [index, body] of bodies.entries()) {
              const answer = yield* callNaming(operation, own, body, { cookie })
              const shown = `${operation.id} ${JSON.stringify(body).slice(0, 300)}: ${answer.status} ${answer.text.slice(0, 200)}`
              if (isMalformed(answer)) continue
              if (!isRefusal(answer)) complaints.push(`takes them: ${shown}`)
              const unknown = yield* callNaming(operation, own, unknowns[index], { cookie })
              if (plain(answer, things) !== plain(unknown, nobodys)) complaints.push(`differs from what nobody has: ${shown}`)
              refused += 1
              if (refused === 3) break
            }
            if (bodies.length > 0 && refused === 0) {
              complaints.push(`is never looked at; give it a body in tenancy/Calls.ts: ${operation.id}`)
            }
            if (bodies.length > 0) named += 1
          }
          yield* Console.log(
            `${httpCalls.length} calls over HTTP, another tenant's ids in the address of ${compared} and in the body of ${named}`
          )
          expect(named).toBeGreaterThan(5)

          const another = { username: "ours-by-rpc", role: "admin", password }
          yield* visit({ method: "POST", path: "/api/v1/users", cookie, body: another })
          const client = yield* rpcClient(yield* signIn(another.username))
          let asked = 0
          for (const tag of rpcCalls) {
            const answer = yield* callRpc(client, tag, things, sendsThing(tag) ? "end" : "moment")
            const rest = Object.values(things).reduce((text, id) => text.replaceAll(id, ""), answer.text)
            const shown = `${tag}: ${answer.text.slice(0, 300)}`
            if (rest.toLowerCase().includes(word)) complaints.push(`tells: ${shown}`)
            if (answer.text.includes("Die")) complaints.push(`fails: ${shown}`)
            if (!sendsThing(tag)) {
              const told = Object.values(things).filter((id) => !answer.failed && answer.text.includes(id))
              if (told.length > 0) complaints.push(`tells ids: ${shown}`)
              continue
            }
            asked += 1
            const unknown = yield* callRpc(client, tag, nobodys, "end")
            if (answer.text.replace(uuid, "ID") !== unknown.text.replace(uuid, "ID")) {
              complaints.push(`differs from what nobody has: ${shown}\n${unknown.text}`)
            }
            if (!/NotFound"|^\{"events":\[\]|^\{"entries":\[\]/.test(answer.text)) {
              complaints.push(`is not told that there is none; if its payload is why, give it one in tenancy/Calls.ts: ${shown}`)
            }
          }
          yield* Console.log(`${rpcCalls.length} calls by RPC, ${asked} of them with another tenant's ids`)
          expect(complaints).toEqual([])
          expect(compared).toBeGreaterThan(40)
          expect(asked).toBeGreaterThan(15)
          expect(yield* stateOf(theirs.id)).toEqual(before)
          expect(yield* (yield* VideoJobQueue).deadLetters(10, theirs.id)).toMatchObject([{ jobId: things.deadJob }])

          const trail = (tenant: TenantId) =>
            Effect.flatMap(AuditStore, ({ query }) => query(tenant, { action: "access.foreign", limit: 2000 }))
          // Of these the database knows nothing: models have names, and jobs are kept by their queue.
          const { deadJob: _, model, ...withIds } = things
          const attempts = [
            ...Object.values(withIds).map((id) => `${ours.administrator} ${id}`),
            ...[things.camera, things.event].map((id) => `${another.username} ${id}`)
          ]
          yield* Effect.repeat(trail(defaultTenant), {
            until: ({ entries }) => {
              const found = new Set(entries.map(({ actor, after }) => `${actor.username} ${String(after?.["id"])}`))
              return attempts.every((attempt) => found.has(attempt))
            },
            schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurUpTo("30 seconds"))
          })
          const noted = yield* trail(defaultTenant)
          const entryOf = (username: string, id: string) =>
            noted.entries.find(({ actor, after }) => actor.username === username && after?.["id"] === id)
          for (const [kind, id] of Object.entries(withIds)) {
            expect(entryOf(ours.administrator, id), `${kind} ${model}`).toMatchObject({
              subject: { type: "tenant", id: ours.id },
              address: "127.0.0.1"
            })
          }
          expect(entryOf(another.username, things.camera)).toMatchObject({ after: { call: "RPC", of: "cameras" } })
          expect(entryOf(another.username, things.event)).toMatchObject({ after: { call: "RPC", of: "events" } })
          for (const tenant of [ours.id, theirs.id]) expect((yield* trail(tenant)).entries).toEqual([])
          expect(noted.entries.some(({ after }) => Object.values(own).some((id) => id === after?.["id"]))).toBe(false)
        }),
      { timeout: 300_000 }
    )
  })
})
