import { Config, Duration } from "effect"

/** How long messages are kept: `VIGIL_BUS_MAX_AGE` (7 days), and within `VIGIL_BUS_MAX_BYTES` (512 MiB); whichever is reached first. */
export const busRetention = Config.all({
  /** Milliseconds. */
  maxAge: Config.duration("VIGIL_BUS_MAX_AGE").pipe(
    Config.withDefault(Duration.days(7)),
    Config.validate({
      message: "expected a minute or longer, for example 7 days",
      validation: (age) => Duration.greaterThanOrEqualTo(age, Duration.minutes(1))
    }),
    Config.map(Duration.toMillis)
  ),
  maxBytes: Config.integer("VIGIL_BUS_MAX_BYTES").pipe(
    Config.withDefault(512 * 1024 * 1024),
    Config.validate({ message: "expected 16 MiB (16777216) or more", validation: (bytes) => bytes >= 16 * 1024 * 1024 })
  )
})
