import type { Account } from "@vigil/core/Account"
import { DateTime } from "effect"

/** Until when nobody gets in with the account's password. */
const lockText = ({ lock }: Account): string => {
  if (lock === null) return "no"
  return lock.until === null ? "until it is released" : `until ${DateTime.formatIso(lock.until)}`
}

/** An account for people: a line a fact. */
export const accountText = (account: Account): string => {
  const { displayName, email, hasPassword, language, providers, role, username, wrongPasswords } = account
  const ways = [...(hasPassword ? ["password"] : []), ...providers]
  return [
    ["name", username],
    ["role", role],
    ["person", displayName ?? "-"],
    ["mail", email ?? "-"],
    ["language", language ?? "-"],
    ["signs in by", ways.length === 0 ? "nothing" : ways.join(", ")],
    ["wrong passwords", String(wrongPasswords)],
    ["locked", lockText(account)]
  ]
    .map(([fact = "", value = ""]) => `${fact.padEnd(16)}${value}`)
    .join("\n")
}
