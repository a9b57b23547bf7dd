import type { SqlClient } from "@effect/sql/SqlClient"
import { userLinked } from "@vigil/core/AccountChanges"
import { userCreated, userUpdated } from "@vigil/core/AuditChanges"
import { type Admission, AdmissionRefused, type IdentityProvider } from "@vigil/core/IdentityProvider"
import { User } from "@vigil/core/User"
import { DateTime, Effect } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { insertUser, keepAnAdministrator, toUser } from "./UserStorePostgres.js"

type UserRow = Parameters<typeof toUser>[0]

const known = (sql: SqlClient, provider: IdentityProvider, { subject }: Admission) =>
  sql<UserRow>`select u.* from user_identities i join users u on u.id = i.user_id
    where i.provider_id = ${provider.id} and i.subject = ${subject} for no key update of u`

/** The user that somebody who comes the first time gets. */
const first = (sql: SqlClient, provider: IdentityProvider, admission: Admission) =>
  Effect.gen(function* () {
    const { tenantId } = provider
    const [same] = yield* sql<UserRow>`select * from users where lower(username) = lower(${admission.username}) for no key update`
    if (same !== undefined && !provider.linkUsers) return yield* new AdmissionRefused({ reason: "username-taken" })
    if (same === undefined && !provider.createUsers) return yield* new AdmissionRefused({ reason: "no-account" })
    const user =
      same !== undefined
        ? yield* toUser(same)
        : yield* insertUser(sql, tenantId, { username: admission.username, role: admission.role }).pipe(
            // Of another tenant: row-level security does not show it.
            Effect.catchTag("UsernameTaken", () => Effect.fail(new AdmissionRefused({ reason: "username-taken" })))
          )
    yield* sql`insert into user_identities ${sql.insert({
      provider_id: provider.id,
      subject: admission.subject,
      tenant_id: tenantId,
      user_id: user.id,
      created_at: DateTime.toDateUtc(yield* DateTime.now)
    })}`
    if (same === undefined) yield* writeAudit(sql, tenantId, userCreated(user, "user.create"))
    yield* writeAudit(sql, tenantId, userLinked(user.id, provider, admission.subject))
    return user
  })

/** Whether the tenant has an administrator without this one. */
const mayChangeRole = (sql: SqlClient, user: User) =>
  user.role !== "admin"
    ? Effect.succeed(true)
    : keepAnAdministrator(sql, user.tenantId, user.id).pipe(
        Effect.as(true),
        Effect.catchTag("LastAdministrator", ({ message }) =>
          Effect.as(Effect.logWarning(`${user.username} stays an administrator: ${message}`), false)
        )
      )

/** In the tenant's transaction: finds, links or makes the user, and takes over what the provider says of it. */
export const admit = (sql: SqlClient, provider: IdentityProvider, admission: Admission) =>
  Effect.gen(function* () {
    // One at a time: somebody who comes twice at once is made once.
    yield* sql`select id from identity_providers where id = ${provider.id} for no key update`
    const [row] = yield* known(sql, provider, admission)
    const user = row === undefined ? yield* first(sql, provider, admission) : yield* toUser(row)
    if (user.disabled) return yield* new AdmissionRefused({ reason: "disabled" })
    const role = admission.role === user.role || (yield* mayChangeRole(sql, user)) ? admission.role : user.role
    // What the user or an administrator has set stays.
    yield* sql`update users set role = ${role},
      display_name = coalesce(display_name, ${admission.displayName}), email = coalesce(email, ${admission.email}),
      updated_at = ${DateTime.toDateUtc(yield* DateTime.now)} where id = ${user.id}`
    if (role !== user.role) yield* writeAudit(sql, user.tenantId, userUpdated(user, { role }))
    return User.make({ ...user, role })
  })
