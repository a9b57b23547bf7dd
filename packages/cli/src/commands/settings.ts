import { Args, Command, Options } from "@effect/cli"
import { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import { EffectiveSetting, SettingsView } from "@vigil/core/settings/SettingLevels"
import { Console, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import { diffOption, printHistory } from "../history/HistoryText.js"
import { dryRunOption, revisionArgument, rollBackObject } from "../history/RollbackText.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { CommandFailed, json, printJson, table, UsageError } from "../Output.js"
import { listPlaces } from "../PlaceReference.js"
import { changeAt, settingsAt, subjectOf, targetOf, targetOptions } from "../settings/SettingTarget.js"
import { word } from "../SourceArgument.js"

const key = word("key", "The setting, as segment.duration: `vigil settings list` has all of them.")

const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Where a value is said, as people call it. */
const originText = (settings: ReadonlyArray<EffectiveSetting>) =>
  Effect.gen(function* () {
    const isOfSite = settings.some(({ origin }) => origin.level === "site")
    const paths = new Map(isOfSite ? (yield* listPlaces).map(({ path, place }) => [place.id as string, path]) : [])
    return ({ origin: { id = "", level } }: EffectiveSetting): string =>
      level === "site" ? `site ${paths.get(id) ?? id}` : level
  })

const found = (view: SettingsView, wanted: string) =>
  Effect.mapError(
    Effect.fromNullable(view.settings.find((setting) => setting.key === wanted)),
    () => new CommandFailed({ detail: `there is no setting ${wanted}: \`vigil settings list\` tells which there are` })
  )

const list = Command.make(
  "list",
  {
    said: Options.boolean("said").pipe(Options.withDescription("Only what somebody has said, at whatever level.")),
    ...targetOptions,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const view = yield* settingsAt(yield* targetOf(options))
      const settings = options.said ? view.settings.filter(({ origin }) => origin.level !== "default") : view.settings
      if (options.json) return yield* printJson(SettingsView)({ ...view, settings })
      const from = yield* originText(settings)
      yield* Console.log(
        table(
          ["SETTING", "VALUE", "FROM"],
          settings.map((setting) => [setting.key, valueText(setting.value), from(setting)])
        )
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "What holds for all cameras of the tenant, or for a site or camera, and where it is said.",
      "vigil settings list --said --camera Gate",
      "vigil settings list --site North --json"
    )
  )
)

const get = Command.make("get", { key, ...targetOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const setting = yield* found(yield* settingsAt(yield* targetOf(options)), options.key)
    yield* options.json ? printJson(EffectiveSetting)(setting) : Console.log(valueText(setting.value))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The value of one setting.", "vigil settings get segment.duration --camera Gate")))

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** JSON where it is some, else a text: words need no quotes. */
const typed = (text: string): unknown => Option.getOrElse(parse(text), () => text)

const set = Command.make(
  "set",
  {
    key,
    value: Args.text({ name: "value" }).pipe(Args.withDescription("A number, a word, or JSON.")),
    ...targetOptions,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const view = yield* changeAt(yield* targetOf(options), { [options.key]: typed(options.value) })
      const setting = yield* found(view, options.key)
      yield* options.json
        ? printJson(EffectiveSetting)(setting)
        : Console.log(`${setting.key} is ${valueText(setting.value)} for ${whom(view)}.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Say something: it holds within moments, and cameras stay connected.",
      "vigil settings set segment.duration 3",
      "vigil settings set analytic.intrusion.confidence 0.7 --camera Gate"
    )
  )
)

const whom = ({ level }: SettingsView): string =>
  ({ system: "all tenants", tenant: "all cameras", site: "the site", camera: "the camera" })[level]

const unset = Command.make("unset", { key, ...targetOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const view = yield* changeAt(yield* targetOf(options), { [options.key]: null })
    const setting = view.settings.find((candidate) => candidate.key === options.key)
    if (options.json) return yield* printJson(Schema.NullOr(EffectiveSetting))(setting ?? null)
    if (setting === undefined) return yield* Console.log(`${options.key} is said nowhere any more.`)
    const from = yield* originText([setting])
    yield* Console.log(`${setting.key} is ${valueText(setting.value)} for ${whom(view)}, from: ${from(setting)}.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Take back what is said there, so that the level above holds.",
      "vigil settings unset detection.framesPerSecond --site North"
    )
  )
)

const history = Command.make("history", { diff: diffOption, ...targetOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    yield* printHistory(yield* subjectOf(yield* targetOf(options)), options)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Who said what there and when, newest first.",
      "vigil settings history --site North",
      "vigil settings history --diff 2..5"
    )
  )
)

const rollback = Command.make(
  "rollback",
  { revision: revisionArgument, dryRun: dryRunOption, ...targetOptions, ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const target = yield* targetOf(options)
      if (target.level === "camera")
        return yield* new UsageError({ detail: "a camera's settings go back with the camera: `vigil camera rollback`" })
      yield* rollBackObject(yield* subjectOf(target), options)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Say again what was said there at a revision, and nothing else.", "vigil settings rollback 2 --site North")
  )
)

const describe = Command.make("describe", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const definitions = yield* overHttp((http) => http.settings.definitions())
    if (options.json) return yield* printJson(Schema.Array(SettingDefinition))(definitions)
    yield* Console.log(
      table(
        ["SETTING", "DEFAULT", "DESCRIPTION"],
        definitions.map((definition) => [definition.key, valueText(definition.default), definition.description])
      )
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Every setting: what it is by default, and what it is for. --json has the JSON Schema of its values.",
      "vigil settings describe --json"
    )
  )
)

const refresh = Command.make("refresh", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    yield* overHttp((http) => http.settings.refresh())
    yield* Console.log(options.json ? "{}" : "All nodes read the settings again.")
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Have all nodes read again what they remember, for up to five minutes.", "vigil settings refresh")
  )
)

export const settingsCommand = Command.make("settings").pipe(
  Command.withDescription("What cameras inherit: from the system, the tenant, their site; and what is their own."),
  Command.withSubcommands([list, get, set, unset, history, rollback, describe, refresh])
)
