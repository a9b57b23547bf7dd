import { describe, expect, it } from "@effect/vitest"
import { admissionOf, IdentityProvider, IdentityProviderId } from "@vigil/core/IdentityProvider"
import { defaultTenant } from "@vigil/core/Ids"
import { permits, Role } from "@vigil/core/User"
import { DateTime, Either, Equal } from "effect"
import * as fc from "effect/FastCheck"

const provider = (settings: Partial<IdentityProvider> = {}): IdentityProvider => {
  const at = DateTime.unsafeMake(0)
  return IdentityProvider.make({
    id: IdentityProviderId.make("00000000-0000-4000-8000-00000000000b"),
    tenantId: defaultTenant,
    slug: "office",
    name: "Office",
    issuer: "https://id.example",
    clientId: "vigil",
    scopes: ["openid"],
    usernameClaim: "preferred_username",
    roleClaim: "roles",
    roles: [
      { value: "guards", role: "operator" },
      { value: "chiefs", role: "admin" }
    ],
    defaultRole: null,
    createUsers: true,
    linkUsers: false,
    listed: true,
    enabled: true,
    hasClientSecret: true,
    createdAt: at,
    updatedAt: at,
    ...settings
  })
}

const claims = { sub: "1", preferred_username: "ada", roles: ["guards"] }

const reasonOf = (of: IdentityProvider, given: Record<string, unknown>) =>
  Either.match(admissionOf(of, given), { onLeft: ({ reason }) => reason as string, onRight: ({ role }) => role as string })

describe("who somebody with these claims is", () => {
  it("is told by the claims that the provider's settings name", () => {
    const nested = provider({ usernameClaim: "https://example.org/name", roleClaim: "realm_access.roles" })
    const given = { sub: "1", "https://example.org/name": " Ada ", realm_access: { roles: ["guards"] } }
    expect(reasonOf(nested, given)).toBe("no-username")
    const admission = admissionOf(nested, { ...given, "https://example.org/name": "Ada", name: "Ada L.", email: "a@example.org" })
    expect(Either.getOrThrow(admission)).toEqual({
      subject: "1",
      username: "Ada",
      role: "operator",
      displayName: "Ada L.",
      // The provider does not say that it is hers.
      email: null
    })
    const verified = admissionOf(provider(), { ...claims, email: "a@example.org", email_verified: true })
    expect(Either.getOrThrow(verified).email).toBe("a@example.org")
    const unsure = admissionOf(provider(), { ...claims, email: "a@example.org", email_verified: "true" })
    expect(Either.getOrThrow(unsure).email).toBeNull()
  })

  it("is nobody without a subject, a name and a role", () => {
    expect(reasonOf(provider(), { ...claims, sub: undefined })).toBe("no-subject")
    expect(reasonOf(provider(), { ...claims, sub: "" })).toBe("no-subject")
    expect(reasonOf(provider(), { ...claims, preferred_username: ["ada"] })).toBe("no-username")
    expect(reasonOf(provider(), { ...claims, roles: [] })).toBe("no-role")
    expect(reasonOf(provider(), { ...claims, roles: { guards: true } })).toBe("no-role")
    expect(reasonOf(provider({ roleClaim: "constructor" }), claims)).toBe("no-role")
    expect(reasonOf(provider({ roleClaim: "roles.0" }), claims)).toBe("no-role")
    expect(reasonOf(provider({ defaultRole: "viewer" }), { ...claims, roles: [] })).toBe("viewer")
    expect(reasonOf(provider({ defaultRole: "viewer" }), { ...claims, roles: "chiefs" })).toBe("admin")
  })

  it("is given the most that one of the values allows, and never more, whatever else is claimed", () => {
    const value = fc.oneof(fc.constantFrom("guards", "chiefs", "others"), fc.string())
    const role = fc.constantFrom(...Role.literals)
    fc.assert(
      fc.property(
        fc.array(fc.record({ value, role }), { maxLength: 6 }),
        fc.option(role),
        fc.anything(),
        fc.array(value),
        fc.dictionary(fc.string(), fc.anything()),
        (roles, defaultRole, odd, held, others) => {
          const of = provider({ roles, defaultRole })
          const admission = admissionOf(of, { ...others, ...claims, roles: held })
          const allowed = roles.filter((one) => held.includes(one.value)).map((one) => one.role)
          const most = allowed.find((one) => allowed.every((other) => permits(one, other))) ?? defaultRole
          expect(Either.match(admission, { onLeft: () => null, onRight: (found) => found.role })).toBe(most)
          // Anything may be claimed: it is an answer, never an exception.
          expect(Either.isEither(admissionOf(of, { ...others, sub: odd, roles: odd, preferred_username: odd }))).toBe(true)
        }
      )
    )
    expect(Equal.equals(Role.literals[0], "admin")).toBe(true)
  })
})
