import type { SqlClient } from "@effect/sql/SqlClient"
import { describe, expect, it, layer } from "@effect/vitest"
import { writeAudit, writeAudits } from "@vigil/api/database/AuditStorePostgres"
import { openPool } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import { migrate, migrations } from "@vigil/api/database/Migrations"
import { layerStores } from "@vigil/api/Persistence"
import { canonicalJson, chainEntry } from "@vigil/core/AuditChain"
import { clusterRebalanced } from "@vigil/core/AuditChanges"
import { AuditEntry, AuditQuery } from "@vigil/core/AuditEntry"
import type { AuditMark } from "@vigil/core/AuditVerification"
import { defaultTenant, type TenantId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { EmbeddedDatabase, layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { temporaryFolder } from "../TemporaryFolder.js"

/** Statements of the tables' owner, who has taken away what keeps entries. */
const asOwner = (...statements: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { connection } = yield* Database
      const sql = yield* openPool(connection, { server: 0, client: 0 }, 1)
      for (const statement of [
        "alter table audit_entries disable trigger user",
        ...statements,
        "alter table audit_entries enable trigger user"
      ]) {
        yield* sql.unsafe(statement)
      }
    })
  )

/** Back to what it was, after whatever a test does to the table. */
const untouched = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    asOwner("create table kept_entries as select * from audit_entries", "create table kept_tenants as select * from tenants"),
    () => work,
    () =>
      asOwner(
        "delete from audit_entries",
        "insert into audit_entries select * from kept_entries",
        "update tenants set audit_sequence = k.audit_sequence, audit_hash = k.audit_hash from kept_tenants k where k.id = tenants.id",
        "drop table kept_entries",
        "drop table kept_tenants"
      ).pipe(Effect.orDie) // swallowed: a test whose tables cannot be put back must end
  )

const verify = (noted?: AuditMark) => Effect.flatMap(AuditStore, (store) => store.verify(defaultTenant, noted))

const allEntries = Effect.flatMap(AuditStore, (store) =>
  Effect.map(store.query(defaultTenant, Schema.decodeSync(AuditQuery)({ limit: 500 })), ({ entries }) => [...entries].reverse())
)

/** Numbers from a sequence on anew, one up or down. */
const shift = (from: number, by: 1 | -1) => [
  `update audit_entries set sequence = sequence + 1000 where sequence >= ${from}`,
  `update audit_entries set sequence = sequence - 1000 + ${by} where sequence >= ${1000 + from}`
]

const copy = (from: number, to: number) =>
  `insert into audit_entries select (jsonb_populate_record(e, '{"sequence": ${to}}')).* from audit_entries e where sequence = ${from}`

/** Someone who knows how entries are hashed, and hashes a changed one anew. */
const forge = (sequence: number) =>
  Effect.gen(function* () {
    const entry = (yield* allEntries)[sequence - 1]
    if (entry === undefined) throw new Error(`there is no entry ${sequence}`)
    const { hash: _, ...encoded } = Schema.encodeSync(AuditEntry)(entry)
    const hash = createHash("sha256")
      .update(canonicalJson({ ...encoded, actor: { ...encoded.actor, username: "nobody" } }))
      .digest("hex")
    yield* asOwner(`update audit_entries set actor_name = 'nobody', hash = decode('${hash}', 'hex') where sequence = ${sequence}`)
  })

const layerTrail = layerEmbeddedStores

const fill = Effect.gen(function* () {
  const store = yield* CameraStore
  for (let n = 1; n <= 10; n++) yield* store.create(defaultTenant, newCamera({ name: `Gäte ${n} "\u2028" \\ 😀` }))
})

describe("the chain of the audit trail", () => {
  layer(layerTrail, { excludeTestServices: true })((it) => {
    it.effect("is whole as it was written, also where many write at once", () =>
      Effect.gen(function* () {
        yield* fill
        const store = yield* CameraStore
        yield* Effect.replicateEffect(store.create(defaultTenant, newCamera()), 10, { concurrency: "unbounded" })
        const { broken, entries, mark } = yield* verify()
        expect({ broken, entries }).toEqual({ broken: null, entries: 20 })
        expect(mark).toEqual({ sequence: 20, hash: (yield* allEntries).at(-1)?.hash })
      })
    )

    it.effect("names the first entry of which anything was changed", () =>
      Effect.gen(function* () {
        for (const change of [
          "actor_name = 'nobody'",
          "actor_id = gen_random_uuid()",
          "address = '192.0.2.66'",
          "at = at - interval '1 second'",
          "action = 'camera.delete'",
          "subject_id = 'another'",
          "subject_type = 'user'",
          `new_values = jsonb_set(new_values, '{name}', '"Door"')`,
          "new_values = null",
          `old_values = '{}'`,
          "hash = decode(repeat('00', 32), 'hex')",
          "previous_hash = decode(repeat('11', 32), 'hex')"
        ]) {
          yield* Effect.gen(function* () {
            yield* asOwner(`update audit_entries set ${change} where sequence in (7, 9)`)
            const { broken, entries } = yield* verify()
            expect({ kind: broken?.kind, sequence: broken?.sequence, entries }, change).toEqual({
              kind: "changed",
              sequence: 7,
              entries: 6
            })
          }).pipe(untouched)
        }
        expect((yield* verify()).broken).toBeNull()
      })
    )

    it.effect("names an entry that was changed and hashed anew", () =>
      Effect.gen(function* () {
        for (const sequence of [1, 7, 20]) {
          yield* Effect.gen(function* () {
            yield* forge(sequence)
            expect((yield* verify()).broken).toMatchObject({ kind: "changed", sequence })
          }).pipe(untouched)
        }
      })
    )

    it.effect("names the first entry that was removed", () =>
      Effect.gen(function* () {
        for (const [sequence, ...statements] of [
          [1, "delete from audit_entries where sequence = 1"],
          [7, "delete from audit_entries where sequence in (7, 8)"],
          [20, "delete from audit_entries where sequence = 20"],
          [1, "delete from audit_entries"],
          [7, "delete from audit_entries where sequence = 7", ...shift(8, -1), "update tenants set audit_sequence = 19"]
        ] as const) {
          yield* Effect.gen(function* () {
            yield* asOwner(...statements)
            expect((yield* verify()).broken, statements.join()).toMatchObject({ kind: "removed", sequence })
          }).pipe(untouched)
        }
      })
    )

    it.effect("names the first entry that was put in", () =>
      Effect.gen(function* () {
        for (const [sequence, ...statements] of [
          [21, copy(20, 21)],
          [7, ...shift(7, 1), copy(6, 7), "update tenants set audit_sequence = 21"]
        ] as const) {
          yield* Effect.gen(function* () {
            yield* asOwner(...statements)
            expect((yield* verify()).broken, statements.join()).toMatchObject({ kind: "inserted", sequence })
          }).pipe(untouched)
        }
        const sixth = (yield* allEntries)[5]
        if (sixth === undefined) throw new Error("there is no sixth entry")
        const { hash, previousHash } = chainEntry(sixth, { ...Schema.encodeSync(AuditEntry)(sixth), action: "user.delete" })
        yield* Effect.gen(function* () {
          const hashes = `hash = decode('${hash}', 'hex'), previous_hash = decode('${previousHash}', 'hex')`
          const fitted = `update audit_entries set action = 'user.delete', ${hashes} where sequence = 7`
          yield* asOwner(...shift(7, 1), copy(6, 7), fitted, "update tenants set audit_sequence = 21")
          expect((yield* verify()).broken).toMatchObject({ kind: "inserted", sequence: 7 })
        }).pipe(untouched)
      })
    )

    it.effect("written anew as a whole, is not what was noted of it", () =>
      Effect.gen(function* () {
        const { mark } = yield* verify()
        const [, second] = yield* allEntries
        expect((yield* verify(mark)).broken).toBeNull()
        expect((yield* verify({ sequence: 2, hash: second?.hash ?? "" })).broken).toBeNull()
        yield* Effect.gen(function* () {
          yield* asOwner(
            "delete from audit_entries where sequence > 18",
            "update tenants set audit_sequence = 18, audit_hash = e.hash from audit_entries e where e.sequence = 18 and e.tenant_id = id"
          )
          expect((yield* verify()).broken).toBeNull()
          expect((yield* verify(mark)).broken).toMatchObject({ kind: "removed", sequence: 19 })
        }).pipe(untouched)
        expect((yield* verify({ ...mark, hash: "f".repeat(64) })).broken).toMatchObject({ kind: "changed", sequence: 20 })
      })
    )

    it.effect("cannot be touched by the owner either, as the tables are", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* openPool((yield* Database).connection, { server: 0, client: 0 }, 1)
          for (const statement of [
            "update audit_entries set action = 'x'",
            "delete from audit_entries",
            "truncate audit_entries"
          ]) {
            expect(String((yield* Effect.flip(sql.unsafe(statement))).cause)).toContain("neither changed nor deleted")
          }
        })
      )
    )

    it.effect("stays whole while many write in several tenants, of whom some fail, give up or are cut off", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const database = yield* Database
        const store = yield* CameraStore
        const audit = yield* AuditStore
        const tenants = [defaultTenant, otherTenant]
        const note = (tenant: TenantId, then: (sql: SqlClient) => Effect.Effect<unknown, unknown>) =>
          database.system("note", (sql) => Effect.zipRight(writeAudit(sql, tenant, clusterRebalanced), then(sql)))
        const cut = (sql: SqlClient) =>
          Effect.zipRight(sql`select set_config('role', 'none', true)`, sql`select pg_terminate_backend(pg_backend_pid())`)
        const before = yield* Effect.forEach(tenants, (tenant) => audit.verify(tenant))
        const writer = (_: unknown, index: number) => {
          const tenant = index % 2 === 0 ? defaultTenant : otherTenant
          const added = store.create(tenant, newCamera({ name: `Writer ${index}` }))
          return Effect.gen(function* () {
            const { id } = yield* added
            yield* Effect.flip(note(tenant, () => Effect.fail("no")))
            yield* Effect.flip(note(tenant, (sql) => sql`select 1 / 0`))
            if (index % 4 < 2) yield* Effect.flip(note(tenant, cut))
            // swallowed: it gives up
            yield* Effect.ignore(note(tenant, (sql) => sql`select pg_sleep(1)`).pipe(Effect.timeout("20 millis")))
            yield* store.update(tenant, id, { name: `Written ${index}` })
            yield* note(tenant, (sql) => writeAudits(sql, tenant, [clusterRebalanced, clusterRebalanced]))
          })
        }
        yield* Effect.forEach(Array.from({ length: 16 }), writer, { concurrency: "unbounded", discard: true })
        // Of those who were cut off or gave up nothing is there: each writer has added a camera, changed it, and noted three times.
        for (const [index, tenant] of tenants.entries()) {
          const after = yield* audit.verify(tenant)
          expect(after.broken).toBeNull()
          expect(after.entries - (before[index]?.entries ?? 0)).toBe(8 * 5)
          expect((yield* audit.verify(tenant, before[index]?.mark)).broken).toBeNull()
        }
      })
    )
  })
})

describe("a trail of before there was a chain", () => {
  layer(EmbeddedDatabase.layerEmpty, { excludeTestServices: true })((it) => {
    it.scoped("is chained when the database is brought up to date, and goes on", () =>
      Effect.gen(function* () {
        const { connection } = yield* EmbeddedDatabase
        const folder = yield* temporaryFolder
        yield* migrate(
          connection,
          migrations.filter(({ name }) => name !== "chain of the audit trail")
        )
        const sql = yield* openPool(connection, { server: 0, client: 0 }, 1)
        yield* sql.unsafe(`insert into audit_entries (tenant_id, sequence, at, actor_name, action, subject_type, subject_id, new_values)
          select '${defaultTenant}', n, now(), 'root', 'camera.update', 'camera', 'x',
            jsonb_build_object('n', n * 1.10, 'long key', jsonb_build_array(n, null, true, 1e3), 'ä', '\u007f')
          from generate_series(1, 1201) n`)
        yield* sql`update tenants set audit_sequence = 1201`
        yield* Effect.gen(function* () {
          expect(yield* verify()).toMatchObject({ entries: 1201, broken: null })
          yield* (yield* CameraStore).create(defaultTenant, newCamera())
          expect(yield* verify()).toMatchObject({ entries: 1202, broken: null })
        }).pipe(Effect.provide(layerStores(connection, folder)))
      })
    )
  })
})

describe("the canonical form", () => {
  it("is that of RFC 8785", () => {
    const value = {
      "\u20ac": 1,
      "\r": [56, { d: true, "10": null, "1": [] }],
      "😀": "\u000f\n'A'B\"\\\\\"/",
      a: undefined,
      1e21: 333333333.3333333
    }
    expect(canonicalJson(value)).toBe(
      '{"\\r":[56,{"1":[],"10":null,"d":true}],"1e+21":333333333.3333333,"€":1,"😀":"\\u000f\\n\'A\'B\\"\\\\\\\\\\"/"}'
    )
  })
})
