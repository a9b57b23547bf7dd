/**
 * What the audit trail tells of accounts and of the ways in.
 *
 * @module
 */
import { DateTime } from "effect"
import type { Account, AccountLock, ProfileChange } from "./Account.js"
import type { AuditChange } from "./AuditEntry.js"
import type { IdentityProvider, IdentityProviderId } from "./IdentityProvider.js"
import type { TenantId, UserId } from "./Ids.js"
import type { PasswordPolicy } from "./PasswordPolicy.js"

type Values = Readonly<Record<string, unknown>>

const secret = "changed"

const ofUser = (
  action: Extract<AuditChange["action"], `user.${string}` | "password.reset">,
  id: UserId,
  before: Values | null,
  after: Values | null
): AuditChange => ({ action, subject: { type: "user", id }, before, after })

const profileKeys = ["displayName", "email", "language"] satisfies ReadonlyArray<keyof ProfileChange>

export const isSameProfile = (before: Account, after: Account): boolean => profileKeys.every((key) => before[key] === after[key])

export const profileChanged = (before: Account, after: Account): AuditChange => {
  const changed = profileKeys.filter((key) => before[key] !== after[key])
  const pick = (account: Account) => Object.fromEntries(changed.map((key) => [key, account[key]]))
  return ofUser("user.profile", after.id, pick(before), pick(after))
}

/** Too many wrong passwords in a row. */
export const accountLocked = (id: UserId, wrongPasswords: number, { until }: AccountLock): AuditChange =>
  ofUser("user.lock", id, null, { wrongPasswords, until: until === null ? null : DateTime.formatIso(until) })

export const accountReleased = (id: UserId, wrongPasswords: number): AuditChange =>
  ofUser("user.release", id, { wrongPasswords }, null)

/** Somebody asked for a link for a new password, and it was sent. */
export const resetOffered = (id: UserId): AuditChange => ofUser("password.reset", id, null, { link: "sent" })

/** Somebody came in through a provider for the first time, as this user. */
export const userLinked = (id: UserId, { slug }: IdentityProvider, subject: string): AuditChange =>
  ofUser("user.link", id, null, { provider: slug, subject })

/** The provider knows somebody, or says so, and Vigil did not let it in. */
export const admissionRefused = (id: IdentityProviderId, reason: string): AuditChange => ({
  action: "sign-in.refused",
  subject: { type: "identity-provider", id },
  before: null,
  after: { reason }
})

export const policySet = (tenant: TenantId, before: PasswordPolicy, after: PasswordPolicy): AuditChange => ({
  action: "password.policy",
  subject: { type: "password-policy", id: tenant },
  before: { ...before },
  after: { ...after }
})

const valuesOf = ({ createdAt, hasClientSecret, id, tenantId, updatedAt, ...values }: IdentityProvider): Values => ({ ...values })

const ofProvider = (
  action: Extract<AuditChange["action"], `identity-provider.${string}`>,
  { id }: IdentityProvider,
  before: Values | null,
  after: Values | null
): AuditChange => ({ action, subject: { type: "identity-provider", id }, before, after })

export const providerCreated = (provider: IdentityProvider): AuditChange =>
  ofProvider("identity-provider.create", provider, null, {
    ...valuesOf(provider),
    ...(provider.hasClientSecret ? { clientSecret: secret } : {})
  })

export const providerUpdated = (before: IdentityProvider, after: IdentityProvider, isSecretChanged: boolean): AuditChange => {
  const [old, fresh] = [valuesOf(before), valuesOf(after)]
  const changed = Object.keys(fresh).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]))
  const pick = (values: Values) => Object.fromEntries(changed.map((key) => [key, values[key]]))
  return ofProvider("identity-provider.update", after, pick(old), {
    ...pick(fresh),
    ...(isSecretChanged ? { clientSecret: secret } : {})
  })
}

export const providerDeleted = (provider: IdentityProvider): AuditChange =>
  ofProvider("identity-provider.delete", provider, valuesOf(provider), null)
