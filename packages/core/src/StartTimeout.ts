import { Config, Duration } from "effect"

/** `VIGIL_START_TIMEOUT`: how long a process waits at its start for the servers that it needs. One minute. */
export const startTimeout: Config.Config<Duration.Duration> = Config.duration("VIGIL_START_TIMEOUT").pipe(
  Config.withDefault(Duration.minutes(1))
)
