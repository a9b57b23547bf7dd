import { DateTime, Duration, Option, Schema } from "effect"
import { ModelId } from "./Ids.js"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** What a tenant may use. `null` sets no limit. */
export class Licence extends Schema.Class<Licence>("Licence")({
  /** Cameras that may be enabled at a time. */
  cameras: Schema.NullOr(Count.pipe(Schema.lessThanOrEqualTo(1_000_000))),
  validFrom: Schema.NullOr(Schema.DateTimeUtc),
  /** The first moment at which it is over. */
  validUntil: Schema.NullOr(Schema.DateTimeUtc),
  models: Schema.NullOr(Schema.Array(ModelId).pipe(Schema.maxItems(1000)))
}) {}

/** The licence of an installation that nobody has limited. */
export const unlimitedLicence = Licence.make({ cameras: null, validFrom: null, validUntil: null, models: null })

/** `expiring` in the last 30 days; `exceeded`: valid, with more cameras enabled than it has. */
export const LicenceStatus = Schema.Literal("valid", "expiring", "exceeded", "early", "expired")
export type LicenceStatus = typeof LicenceStatus.Type

/** A licence, how much of it is used, and how it stands now. */
export class LicenceStanding extends Schema.Class<LicenceStanding>("LicenceStanding")({
  licence: Licence,
  status: LicenceStatus,
  enabledCameras: Count,
  /** What to do about it, where there is something. */
  warning: Schema.NullOr(Schema.String)
}) {}

/** The licence does not allow it: too many `cameras`, a `model` that it does not name, or not the time: `early` or `expired`. */
export class LicenceRefused extends Schema.TaggedError<LicenceRefused>()("LicenceRefused", {
  reason: Schema.Literal("cameras", "model", "early", "expired"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

const warnBefore = Duration.days(30)
const renewal = "ask the operator of the installation for a longer one"

const day = (time: DateTime.Utc): string => DateTime.formatIsoDateUtc(time)

const hasBegun = ({ validFrom }: Licence, now: DateTime.Utc): boolean =>
  validFrom === null || DateTime.greaterThanOrEqualTo(now, validFrom)

const endsBefore = ({ validUntil }: Licence, time: DateTime.Utc): boolean =>
  validUntil !== null && DateTime.lessThanOrEqualTo(validUntil, time)

const refused = (reason: LicenceRefused["reason"], detail: string) => Option.some(new LicenceRefused({ reason, detail }))

const refusedByTime = (licence: Licence, now: DateTime.Utc): Option.Option<LicenceRefused> => {
  if (licence.validFrom !== null && !hasBegun(licence, now))
    return refused("early", `the licence begins on ${day(licence.validFrom)}: it allows nothing before`)
  if (licence.validUntil !== null && endsBefore(licence, now))
    return refused("expired", `the licence ended on ${day(licence.validUntil)}: ${renewal}`)
  return Option.none()
}

/** Why a tenant may not have `enabled` cameras enabled, of which one at least is new. */
export const refusalOfCameras = (licence: Licence, enabled: number, now: DateTime.Utc): Option.Option<LicenceRefused> =>
  Option.orElse(refusedByTime(licence, now), () =>
    licence.cameras === null || enabled <= licence.cameras
      ? Option.none()
      : refused(
          "cameras",
          `the licence allows ${licence.cameras} enabled ${licence.cameras === 1 ? "camera" : "cameras"}, and there would be ${enabled}: disable others first, or get a larger one`
        )
  )

/** Why a tenant may not use the model. */
export const refusalOfModel = (licence: Licence, model: ModelId, now: DateTime.Utc): Option.Option<LicenceRefused> =>
  Option.orElse(refusedByTime(licence, now), () =>
    licence.models === null || licence.models.includes(model)
      ? Option.none()
      : refused("model", `the licence does not include the model ${model}: choose another one, or get a licence with it`)
  )

const warningOf = (licence: Licence, enabledCameras: number, now: DateTime.Utc): readonly [LicenceStatus, string | null] => {
  const outOfTime = refusedByTime(licence, now)
  if (Option.isSome(outOfTime)) return [outOfTime.value.reason === "early" ? "early" : "expired", outOfTime.value.detail]
  if (licence.cameras !== null && enabledCameras > licence.cameras)
    return ["exceeded", `${enabledCameras} cameras are enabled, and the licence allows ${licence.cameras}: disable some`]
  if (licence.validUntil !== null && endsBefore(licence, DateTime.addDuration(now, warnBefore))) {
    const days = Math.ceil(DateTime.distance(now, licence.validUntil) / Duration.toMillis("1 day"))
    return ["expiring", `the licence ends on ${day(licence.validUntil)}, in ${days} ${days === 1 ? "day" : "days"}: ${renewal}`]
  }
  return ["valid", null]
}

/** How a licence stands. */
export const standingOf = (licence: Licence, enabledCameras: number, now: DateTime.Utc): LicenceStanding => {
  const [status, warning] = warningOf(licence, enabledCameras, now)
  return LicenceStanding.make({ licence, status, enabledCameras, warning })
}
