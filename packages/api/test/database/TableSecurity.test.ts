import type { SqlClient } from "@effect/sql/SqlClient"
import { describe, expect, layer } from "@effect/vitest"
import { createRunnerTable } from "@vigil/api/cluster/ClusterTables"
import { openClient, openPool } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import { Effect } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"

/** Tables that hold nothing of a tenant's, and why each is one. Whoever serves a tenant has no right to them. */
const withoutTenant: Readonly<Record<string, string>> = {
  camera_managers: "which nodes run cameras",
  cluster_runners: "the members of clusters",
  edge_cursors: "how far an edge has delivered, in the edge's own database",
  edge_home: "which edge a database belongs to, in the edge's own database",
  placement_overrides: "on which node a camera is to run",
  placement_refusals: "which node has no room for which camera",
  schema_migrations: "what was done to the structure of the database",
  signing_keys: "what access tokens of all tenants are signed with",
  setup_tokens: "the link by which the first user is made, before there is any"
}

/** Functions that run as their owner: what a user is limited to, of the user who is served. */
const definersLookedAt = ["reach_is_limited", "reachable_groups", "reachable_places"]

interface Table {
  readonly name: string
  readonly secured: boolean
  readonly tenant_column: boolean
  readonly owner: string
  /** What may be done by whoever serves a tenant. */
  readonly rights: string
  readonly public_rights: string
}

interface Policy {
  readonly table: string
  readonly policy: string
  readonly permissive: boolean
  readonly command: string
  readonly using: string | null
  readonly with_check: string | null
}

const rightsOf = (role: string) =>
  `concat_ws(',', ${["select", "insert", "update", "delete", "truncate"]
    .map((right) => `case when has_table_privilege(${role}, c.oid, '${right}') then '${right}' end`)
    .join(", ")})`

const readTables = (sql: SqlClient) =>
  sql.unsafe<Table>(`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as secured, pg_get_userbyid(c.relowner) as owner,
      c.relname = 'tenants' or exists (
        select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and attnotnull and atttypid = 'uuid'::regtype
      ) as tenant_column,
      ${rightsOf("'vigil_tenant'")} as rights,
      (select coalesce(string_agg(privilege_type, ','), '') from aclexplode(c.relacl) where grantee = 0) as public_rights
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relkind in ('r', 'p', 'v', 'm', 'f')
    order by 1`)

/** Those that hold for whoever serves a tenant: its own, and everybody's. */
const readPolicies = (sql: SqlClient) =>
  sql.unsafe<Policy>(`
    select c.relname as table, p.polname as policy, p.polpermissive as permissive, p.polcmd as command,
      pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as with_check
    from pg_policy p join pg_class c on c.oid = p.polrelid
    where p.polroles && array[0::oid, 'vigil_tenant'::regrole::oid]`)

const namesTenant = (expression: string | null, table: string): boolean =>
  expression !== null &&
  new RegExp(`\\(?${table === "tenants" ? "id" : "tenant_id"} = \\(NULLIF\\(current_setting\\('vigil.tenant'`).test(expression)

const complaintsOfTenantTable = (table: Table, policies: ReadonlyArray<Policy>): ReadonlyArray<string> => {
  const own = policies.filter((policy) => policy.table === table.name && policy.permissive)
  const loose = own.filter(
    (policy) =>
      // Of permissive policies one is enough to let a row through, so each must name the tenant.
      (policy.command !== "a" && !namesTenant(policy.using, table.name)) ||
      (["*", "a", "w"].includes(policy.command) && !namesTenant(policy.with_check ?? policy.using, table.name))
  )
  return [
    ...(table.tenant_column ? [] : ["has no tenant_id that must be there, and is not among the tables without tenant"]),
    ...(table.secured ? [] : ["has no forced row-level security"]),
    ...(own.length > 0 ? [] : ["has no policy for vigil_tenant"]),
    ...loose.map(({ policy }) => `has a policy that does not name the tenant: ${policy}`),
    ...(table.rights.includes("truncate") ? ["may be truncated by vigil_tenant, which no policy holds back"] : [])
  ]
}

/** What is wrong with any table of the database; nothing where tenants are apart. */
const complaints = (sql: SqlClient) =>
  Effect.gen(function* () {
    const policies = yield* readPolicies(sql)
    return (yield* readTables(sql)).flatMap((table) => {
      const found =
        table.name in withoutTenant
          ? table.rights === ""
            ? []
            : [`is not a tenant's, and vigil_tenant may ${table.rights}`]
          : complaintsOfTenantTable(table, policies)
      const always = [
        ...(table.public_rights === "" ? [] : [`may be used by everybody: ${table.public_rights}`]),
        ...(table.owner.startsWith("vigil_") && table.owner !== "vigil" ? [`is owned by ${table.owner}`] : [])
      ]
      return [...found, ...always].map((complaint) => `${table.name} ${complaint}`)
    })
  })

const undone = { _tag: "undone" } as const

describe("every table of the database", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    const asOwner = <A, E>(work: (sql: SqlClient) => Effect.Effect<A, E>) =>
      Effect.scoped(
        Effect.flatMap(Database, ({ connection }) => Effect.flatMap(openPool(connection, { server: 0, client: 0 }, 1), work))
      )

    /** What is complained of with these changes to the structure, which do not stay. */
    const complaintsAfter = (...statements: ReadonlyArray<string>) =>
      asOwner((sql) =>
        Effect.gen(function* () {
          let found: ReadonlyArray<string> = []
          yield* sql
            .withTransaction(
              Effect.gen(function* () {
                for (const statement of statements) yield* sql.unsafe(statement)
                found = yield* complaints(sql)
                return yield* Effect.fail(undone)
              })
            )
            .pipe(Effect.catchTag("undone", () => Effect.void))
          return found
        })
      )

    it.effect("is a tenant's, with row-level security and a policy, or is known to be nobody's", () =>
      Effect.gen(function* () {
        const { connection } = yield* Database
        yield* Effect.acquireUseRelease(
          Effect.promise(async () => {
            const client = openClient(connection)
            await client.connect()
            return client
          }),
          (client) => Effect.promise(() => createRunnerTable(client)),
          (client) => Effect.promise(() => client.end())
        )
        expect(yield* asOwner(complaints)).toEqual([])
        const names = (yield* asOwner(readTables)).map(({ name }) => name)
        expect(names.length).toBeGreaterThan(20)
        expect(names).toEqual(expect.arrayContaining([...Object.keys(withoutTenant), "cameras", "licences", "tenants"]))
      })
    )

    it.effect("is complained of by name where it is not", () =>
      Effect.gen(function* () {
        const policy = "to vigil_tenant using (tenant_id = nullif(current_setting('vigil.tenant', true), '')::uuid)"
        const table = "create table leaks (tenant_id uuid not null, secret text)"
        const secured = ["alter table leaks enable row level security", "alter table leaks force row level security"]
        expect(yield* complaintsAfter(table, ...secured, `create policy p on leaks ${policy}`)).toEqual([])
        for (const [expected, ...statements] of [
          ["leaks has no forced row-level security", table, `create policy p on leaks ${policy}`],
          ["leaks has no forced row-level security", table, secured[0], `create policy p on leaks ${policy}`],
          ["leaks has no policy for vigil_tenant", table, ...secured],
          ["leaks has no tenant_id that must be there", "create table leaks (secret text)", ...secured],
          ["leaks has no tenant_id that must be there", "create table leaks (tenant_id uuid)", ...secured],
          ["leaks has a policy that does not name the tenant: p", table, ...secured, "create policy p on leaks using (true)"],
          [
            "leaks has a policy that does not name the tenant: q",
            table,
            ...secured,
            `create policy p on leaks ${policy}`,
            "create policy q on leaks to vigil_tenant using (true)"
          ],
          [
            "cameras has a policy that does not name the tenant: q",
            "create policy q on cameras for insert to vigil_tenant with check (true)"
          ],
          ["leaks has no policy", "create view leaks as select * from cameras"],
          ["cameras may be used by everybody: SELECT", "grant select on cameras to public"],
          ["cameras may be truncated", "grant truncate on cameras to vigil_tenant"],
          ["cameras has no forced row-level security", "alter table cameras no force row level security"],
          ["setup_tokens is not a tenant's, and vigil_tenant may select", "grant select on setup_tokens to vigil_tenant"]
        ] as const) {
          const found = yield* complaintsAfter(...statements.filter((statement) => statement !== undefined))
          expect(found.join("\n"), expected).toContain(expected)
        }
        expect(yield* asOwner(complaints)).toEqual([])
      })
    )

    it.effect("is reached by roles that nothing lets around the policies", () =>
      Effect.gen(function* () {
        const roles = yield* asOwner(
          (sql) => sql<{ readonly name: string; readonly free: boolean }>`
            select rolname as name, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb as free
            from pg_roles where rolname in ('vigil_tenant', 'vigil_system') order by 1`
        )
        expect(roles).toEqual([
          { name: "vigil_system", free: false },
          { name: "vigil_tenant", free: false }
        ])
        // Such a function sees with its owner's eyes: each is looked at by a person before it is named here.
        const definers = yield* asOwner(
          (sql) => sql<{ readonly name: string; readonly closed: boolean }>`select proname as name,
              proconfig::text like '%search_path=%' and not has_function_privilege('public', p.oid, 'execute') as closed
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.prosecdef order by 1`
        )
        for (const { closed, name } of definers) {
          expect(definersLookedAt, name).toContain(name)
          expect(closed, `${name} has a search path of its own, and is not everybody's`).toBe(true)
        }
        const member = yield* asOwner(
          (sql) => sql<{ readonly member: boolean }>`select pg_has_role('vigil_tenant', 'vigil_system', 'member') as member`
        )
        expect(member).toEqual([{ member: false }])
      })
    )
  })
})
