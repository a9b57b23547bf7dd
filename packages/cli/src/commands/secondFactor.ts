import { Command, Options } from "@effect/cli"
import { RecoveryCodes, SecondFactorOffer, SecondFactorStatus, SignInPolicy } from "@vigil/core/SecondFactor"
import { Console, DateTime, Effect, Option, Redacted } from "effect"
import { described } from "../Help.js"
import { renderUnicodeCompact } from "uqr"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson } from "../Output.js"
import { readPassword } from "../PasswordInput.js"
import { word } from "../SourceArgument.js"
import { userNamed } from "../user/UserReference.js"

const passwordFile = Options.file("password-file", { exists: "yes" }).pipe(
  Options.optional,
  Options.withDescription("A file that holds your password; typed without an echo by default.")
)

const codeFile = Options.file("code-file", { exists: "yes" }).pipe(
  Options.optional,
  Options.withDescription("A file that holds the code; asked for by default.")
)

/** Light on dark, whatever the terminal's colours are: two modules of the code a character. */
const qrText = (text: string): string =>
  renderUnicodeCompact(text, { border: 2 })
    .split("\n")
    .map((line) => `\u001b[97;40m${line}\u001b[0m`)
    .join("\n")

const password = (file: Option.Option<string>) => readPassword(file, "Your password")

const printCodes = (options: { readonly json: boolean }, codes: RecoveryCodes) =>
  options.json
    ? printJson(RecoveryCodes)(codes)
    : Console.error("Recovery codes, each good once, without the app. They are not told again: keep them apart from it.").pipe(
        Effect.zipRight(Console.log(codes.recoveryCodes.map(Redacted.value).join("\n")))
      )

const status = Command.make("status", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const told = yield* overHttp((http) => http.secondFactor.status())
    if (options.json) return yield* printJson(SecondFactorStatus)(told)
    const rule = told.required ? "Everybody here has to have one." : "It is up to you."
    yield* Console.log(
      told.since === null
        ? `You have no second factor. ${rule}`
        : `A code is asked for since ${DateTime.formatIsoDateUtc(told.since)}; ${told.recoveryCodes} recovery codes are left. ${rule}`
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Whether signing in asks you for a code.", "vigil second-factor status --json")))

const confirmWith = (options: { readonly codeFile: Option.Option<string>; readonly json: boolean }) =>
  Effect.gen(function* () {
    const code = yield* readPassword(options.codeFile, "Code that the app shows")
    yield* printCodes(options, yield* overHttp((http) => http.secondFactor.confirm({ payload: { code } })))
  })

const enable = Command.make("enable", { passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const proof = { password: yield* password(options.passwordFile) }
    const offer = yield* overHttp((http) => http.secondFactor.offer({ payload: proof }))
    if (options.json) return yield* printJson(SecondFactorOffer)(offer)
    yield* Console.log(Redacted.value(offer.uri))
    if (process.stderr.isTTY) yield* Console.error(qrText(Redacted.value(offer.uri)))
    yield* Console.error(`Open it with your authenticator app, or type the secret ${Redacted.value(offer.secret)}`)
    if (!process.stdin.isTTY) return yield* Console.error("and then: vigil second-factor confirm --code-file FILE")
    yield* confirmWith({ codeFile: Option.none(), json: false })
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Have signing in ask you for a code of an authenticator app, beside the password.", "vigil second-factor enable")
  )
)

const confirm = Command.make("confirm", { codeFile, ...serverOptions, json }, (options) =>
  confirmWith(options).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Give the first code of the app, where `enable` could not ask for it.", "vigil second-factor confirm")
  )
)

const codes = Command.make("codes", { passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const proof = { password: yield* password(options.passwordFile) }
    yield* printCodes(options, yield* overHttp((http) => http.secondFactor.replaceCodes({ payload: proof })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Make fresh recovery codes; those before are not good any more.", "vigil second-factor codes")
  )
)

const disable = Command.make("disable", { passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const proof = { password: yield* password(options.passwordFile) }
    yield* overHttp((http) => http.secondFactor.remove({ payload: proof }))
    yield* options.json ? Console.log("{}") : Console.log("The password is enough from now on.")
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Sign in with the password alone again.", "vigil second-factor disable")))

const reset = Command.make("reset", { name: word("name", "The user's name."), ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, username } = yield* userNamed(options.name)
    yield* overHttp((http) => http.userAccess.resetSecondFactor({ path: { id } }))
    yield* options.json ? Console.log("{}") : Console.log(`${username} has no second factor any more.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Take a user's second factor away, who has lost app and recovery codes; for administrators.",
      "vigil second-factor reset bert"
    )
  )
)

const wanted = Options.choice("of-everybody", ["required", "optional"]).pipe(
  Options.optional,
  Options.withDescription("Set it; for administrators. Without, it is told what holds.")
)

const policy = Command.make("policy", { wanted, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { wanted: secondFactor } = options
    const now = yield* overHttp((http) =>
      Option.isNone(secondFactor)
        ? http.signInPolicy.get()
        : http.signInPolicy.set({ headers: {}, payload: { secondFactor: secondFactor.value } })
    )
    yield* options.json ? printJson(SignInPolicy)(now) : Console.log(`A second factor is ${now.secondFactor} for everybody.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Whether everybody has to have a second factor.", "vigil second-factor policy --of-everybody required")
  )
)

export const secondFactorCommand = Command.make("second-factor").pipe(
  Command.withDescription("Codes of authenticator apps beside passwords."),
  Command.withSubcommands([status, enable, confirm, codes, disable, reset, policy])
)
