import { randomBytes } from "node:crypto"
import { verify } from "@node-rs/argon2"
import Fastify from "fastify"
import pg from "pg"

/** Not a service of ours: as little as answers the same questions, over the same tables, with neither roles nor checks nor an audit trail. */
const [databaseUrl = ""] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
const app = Fastify({ logger: false })

app.get<{ Querystring: { limit: number } }>("/cameras", async ({ query }) => {
  const { rows } = await pool.query(
    "select id, tenant_id, name, configuration, revision, created_at, updated_at from cameras order by tenant_id, sort_name, id limit $1",
    [query.limit]
  )
  return { cameras: rows }
})

app.patch<{ Params: { id: string }; Body: { name: string } }>("/cameras/:id", async ({ body, params }, reply) => {
  const { rows } = await pool.query(
    "update cameras set name = $2, revision = revision + 1, updated_at = now() where id = $1 returning id, name, configuration, revision",
    [params.id, body.name]
  )
  return rows[0] ?? reply.code(404).send()
})

app.post<{ Body: { username: string; password: string } }>("/session", async ({ body }, reply) => {
  const { rows } = await pool.query<{ id: string; tenant_id: string; password_hash: string }>(
    "select id, tenant_id, password_hash from users where lower(username) = lower($1)",
    [body.username]
  )
  const [user] = rows
  if (user === undefined || !(await verify(user.password_hash, body.password))) return reply.code(401).send()
  await pool.query(
    "insert into sessions (id, user_id, tenant_id, token_hash, created_at, last_seen_at, expires_at) values (gen_random_uuid(), $1, $2, $3, now(), now(), now() + interval '1 hour')",
    [user.id, user.tenant_id, randomBytes(32)]
  )
  return { id: user.id }
})

process.stdout.write(`${await app.listen({ host: "127.0.0.1", port: 0 })}\n`)
