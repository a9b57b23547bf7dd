import { Command, Options } from "@effect/cli"
import { keyMark, type SecretKey } from "@vigil/api/secret/KeyRing"
import { createKeyFile, nextKeyFile, parseKey, readKeyFile } from "@vigil/api/secret/MasterKey"
import { PublicKeys } from "@vigil/core/AccessToken"
import { KeyRotation, KeyStatus } from "@vigil/core/KeyRotation"
import { Config, Console, Effect, Option, Redacted, Stream } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp, overRpc, streamRpc } from "../operator/Server.js"
import { placeOf, type ServerOptions, serverOptions } from "../operator/ServerAccess.js"
import { CommandFailed, json, printJson, readText, table, UsageError } from "../Output.js"

const status = Command.make("status", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const keys = yield* overRpc((rpc) => rpc.KeyStatus())
    if (options.json) return yield* printJson(KeyStatus)(keys)
    const marks = [...new Set([keys.current, ...(keys.next === null ? [] : [keys.next]), ...keys.secrets.map(({ key }) => key)])]
    const use = (mark: string) => (mark === keys.current ? "current" : mark === keys.next ? "next" : "before")
    const count = (mark: string) => keys.secrets.find(({ key }) => key === mark)?.count ?? 0
    yield* Console.log(
      table(
        ["KEY", "USE", "SECRETS"],
        marks.map((mark) => [mark, use(mark), String(count(mark))])
      )
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Which master keys stored secrets are under, by marks that tell nothing of the keys.", "vigil keys status --json")
  )
)

/** The new key, where the command was given one: a file, or `VIGIL_KEY_NEXT`. */
const givenKey = (file: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(file)) return Option.some(yield* parseKey(file.value, yield* readText(file.value)))
    const text = yield* Config.option(Config.redacted("VIGIL_KEY_NEXT"))
    return Option.isNone(text) ? Option.none() : Option.some(yield* parseKey("VIGIL_KEY_NEXT", Redacted.value(text.value)))
  })

/** The running server finds it in its data folder. */
const putKey = (options: ServerOptions, key: SecretKey) =>
  Effect.gen(function* () {
    const place = yield* placeOf(options)
    if (place._tag === "Remote") {
      return yield* new UsageError({
        detail: "a key is not sent to a Vigil elsewhere: put it in the file key.next in the data folder of each node"
      })
    }
    const file = nextKeyFile(place.folder)
    yield* createKeyFile(file, key)
    const waiting = yield* readKeyFile(file)
    if (Option.isSome(waiting) && keyMark(waiting.value) !== keyMark(key)) {
      return yield* new CommandFailed({
        detail: `another new key waits in ${file}: finish the rotation to it with \`vigil keys rotate\``
      })
    }
  })

const sentence = ({ done, environment, key, total, unreadable }: KeyRotation): string => {
  const lost = unreadable === 0 ? "" : ` ${unreadable} are under keys that are gone, and stay unreadable.`
  const rest = environment
    ? " Set VIGIL_KEY to the new key where Vigil is started, and then take the file key.next or VIGIL_KEY_NEXT away."
    : " The key before is in the file key.previous: keep it with backups that are as old, and delete it here."
  return `${done} of ${total} secrets are under the key ${key}.${lost}${rest}`
}

const rotate = Command.make(
  "rotate",
  {
    keyFile: Options.text("key-file").pipe(
      Options.withPseudoName("file"),
      Options.optional,
      Options.withDescription(
        "The new key: 32 bytes in base64 (openssl rand -base64 32). Without, the variable VIGIL_KEY_NEXT, or the file key.next in the data folder."
      )
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const key = yield* givenKey(options.keyFile)
      if (Option.isSome(key)) yield* putKey(options, key.value)
      const last = yield* streamRpc((rpc) => rpc.RotateKeys()).pipe(
        Stream.tap((progress) =>
          options.json
            ? printJson(KeyRotation)(progress)
            : Console.error(`${progress.done} of ${progress.total} secrets`).pipe(Effect.when(() => !progress.finished))
        ),
        Stream.runLast
      )
      if (Option.isNone(last) || !last.value.finished) {
        return yield* new CommandFailed({ detail: "the rotation did not end: `vigil keys rotate` takes it up again" })
      }
      if (!options.json) yield* Console.log(sentence(last.value))
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Put all stored secrets under a new master key, while cameras go on. Both keys are good until it is done.",
      "vigil keys rotate --key-file new-key"
    )
  )
)

const rotateSigning = Command.make(
  "rotate-signing",
  {
    only: Options.boolean("only").pipe(
      Options.withDescription("Refuse every access token that was signed before: programs exchange their refresh tokens.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const keys = yield* overHttp((http) => http.keys.rotateSigning({ payload: { only: options.only } }))
      if (options.json) return yield* printJson(PublicKeys)(keys)
      yield* Console.log(`Access tokens are signed with the key ${keys.keys[0]?.kid ?? ""} from now on.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Sign access tokens with a fresh key; that happens every 30 days by itself.",
      "vigil keys rotate-signing",
      "vigil keys rotate-signing --only"
    )
  )
)

export const keysCommand = Command.make("keys").pipe(
  Command.withDescription(
    "The master keys that stored secrets are encrypted with, and the keys that access tokens are signed with."
  ),
  Command.withSubcommands([status, rotate, rotateSigning])
)
