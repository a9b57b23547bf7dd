import { Options } from "@effect/cli"
import { ModelId } from "@vigil/core/Ids"
import { Licence, type LicenceStanding } from "@vigil/core/Licence"
import { DateTime, Effect, Either, Option, Schema } from "effect"
import { decodeTyped, table } from "../Output.js"
import { isCalendarDay } from "../TimeText.js"

const none = "none"

/** An option that sets a limit, or takes it away with the word `none`. */
const limit = <A, I>(name: string, description: string, value: Schema.Schema<A, I>, takes: string) =>
  Options.text(name).pipe(
    Options.withDescription(`${description}; none for no limit.`),
    Options.filterMap(
      (text) => (text === none ? Option.some(null) : Either.getRight(Schema.decodeUnknownEither(value)(text))),
      `--${name} takes ${takes}, or ${none}`
    ),
    Options.optional
  )

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/** `2027-01-31` is its beginning in UTC. */
const Moment = Schema.transform(Schema.String.pipe(Schema.filter(isCalendarDay)), Schema.DateTimeUtc, {
  strict: true,
  decode: (text) => (isDay(text) ? `${text}T00:00:00Z` : text),
  encode: (text) => text
})

const Models = Schema.transform(Schema.String, Schema.Array(ModelId), {
  strict: true,
  decode: (text) => text.split(",").map((word) => word.trim()),
  encode: (list) => list.join(",")
})

export const licenceOptions = {
  cameras: limit("cameras", "Cameras that may be enabled at a time", Schema.NumberFromString, "a number"),
  from: limit("from", "When the licence begins, UTC", Moment, "a date such as 2027-01-31"),
  until: limit("until", "When the licence ends, UTC", Moment, "a date such as 2027-01-31"),
  models: limit("models", "Ids of the models that may be used, with commas between", Models, "ids of models")
}

/** What was given of them. */
interface Limits {
  readonly cameras: Option.Option<number | null>
  readonly from: Option.Option<DateTime.Utc | null>
  readonly until: Option.Option<DateTime.Utc | null>
  readonly models: Option.Option<ReadonlyArray<ModelId> | null>
}

/** Whether any of the options was given. */
export const changesLicence = ({ cameras, from, models, until }: Limits): boolean =>
  [cameras, from, models, until].some((option: Option.Option<unknown>) => Option.isSome(option))

const decodeCameras = decodeTyped(Licence.fields.cameras, "--cameras")

/** The licence with what the options say. */
export const licenceWith = (before: Licence, { cameras, from, models, until }: Limits) =>
  Effect.map(decodeCameras(Option.getOrElse(cameras, () => before.cameras)), (checked) =>
    Licence.make({
      cameras: checked,
      validFrom: Option.getOrElse(from, () => before.validFrom),
      validUntil: Option.getOrElse(until, () => before.validUntil),
      models: Option.getOrElse(models, () => before.models)
    })
  )

const day = (time: DateTime.Utc | null, otherwise: string): string => (time === null ? otherwise : DateTime.formatIso(time))

/** A licence as people read it. */
export const licenceText = ({ enabledCameras, licence, status, warning }: LicenceStanding): string =>
  [
    table(
      ["STATUS", "CAMERAS", "FROM", "UNTIL", "MODELS"],
      [
        [
          status,
          `${enabledCameras} of ${licence.cameras ?? "any number"}`,
          day(licence.validFrom, "ever"),
          day(licence.validUntil, "ever"),
          licence.models?.join(",") ?? "all"
        ]
      ]
    ),
    ...(warning === null ? [] : [warning])
  ].join("\n")
