import { Command, HelpDoc, Options } from "@effect/cli"
import { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { Console, Effect, Option } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson } from "../Output.js"

const policyText = ({ lockAfter, lockMinutes, rememberedPasswords, shortestPassword }: PasswordPolicy): string => {
  const lock = lockMinutes === null ? "until an administrator releases it" : `for ${lockMinutes} minutes`
  return [
    `A password has at least ${shortestPassword} characters${rememberedPasswords === 0 ? "." : `, and is none of the user's last ${rememberedPasswords}.`}`,
    lockAfter === null
      ? "Accounts are never locked."
      : `An account is locked ${lock} after ${lockAfter} wrong passwords in a row.`
  ].join("\n")
}

const print = (options: { readonly json: boolean }, policy: PasswordPolicy) =>
  options.json ? printJson(PasswordPolicy)(policy) : Console.log(policyText(policy))

const show = Command.make("show", { ...serverOptions, json }, (options) =>
  Effect.flatMap(
    overHttp((http) => http.accounts.passwordPolicy()),
    (policy) => print(options, policy)
  ).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("The tenant's rules for passwords, and when accounts are locked.", "vigil password-policy show --json")
  )
)

const count = (name: string, description: string) =>
  Options.integer(name).pipe(Options.optional, Options.withDescription(description))

/** A number, or the word that stands for none. */
const countOr = (name: string, none: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName(`number|${none}`),
    Options.mapTryCatch(
      (text) => {
        if (text === none) return null
        if (!/^\d+$/.test(text)) throw new Error(text)
        return Number(text)
      },
      () => HelpDoc.p(`--${name} takes a number, or ${none}`)
    ),
    Options.optional,
    Options.withDescription(description)
  )

const set = Command.make(
  "set",
  {
    shortestPassword: count("shortest", "Characters that a new password has at least, 8 to 64."),
    rememberedPasswords: count("remember", "How many of a user's last passwords are not taken again, 0 to 24."),
    lockAfter: countOr("lock-after", "never", "Wrong passwords in a row that lock an account, from 3."),
    lockMinutes: countOr("lock-minutes", "until-released", "For how long."),
    ...serverOptions,
    json
  },
  ({ lockAfter, lockMinutes, rememberedPasswords, shortestPassword, ...options }) =>
    Effect.gen(function* () {
      const [before, { headers: shown }] = yield* overHttp((http) => http.accounts.passwordPolicy({ withResponse: true }))
      const payload = yield* decodeTyped(
        PasswordPolicy,
        "the policy"
      )({
        shortestPassword: Option.getOrElse(shortestPassword, () => before.shortestPassword),
        rememberedPasswords: Option.getOrElse(rememberedPasswords, () => before.rememberedPasswords),
        lockAfter: Option.getOrElse(lockAfter, () => before.lockAfter),
        lockMinutes: Option.getOrElse(lockMinutes, () => before.lockMinutes)
      })
      yield* print(
        options,
        yield* overHttp((http) => http.accounts.setPasswordPolicy({ headers: { "if-match": shown["etag"] }, payload }))
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Change the rules; what is not named stays. Passwords that are there stay good.",
      "vigil password-policy set --shortest 14 --remember 5",
      "vigil password-policy set --lock-after 10 --lock-minutes until-released"
    )
  )
)

export const passwordPolicyCommand = Command.make("password-policy").pipe(
  Command.withDescription("What the tenant wants of passwords, and when accounts are locked."),
  Command.withSubcommands([show, set])
)
