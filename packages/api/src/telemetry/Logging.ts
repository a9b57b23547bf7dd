import { Config, type ConfigError, Effect, HashMap, Inspectable, Layer, List, Logger, LogLevel, Cause } from "effect"

/** One line of JSON for each message, keys in a fixed order; times in UTC. `Redacted` values show as `<redacted>`. */
export const jsonLine = Logger.make(({ annotations, cause, date, logLevel, message, spans }) => {
  const messages = Array.isArray(message) ? message : [message]
  const fields: Record<string, unknown> = {
    time: date.toISOString(),
    level: logLevel.label.toLowerCase(),
    message: messages.map((part) => Inspectable.toStringUnknown(part, 0)).join(" ")
  }
  for (const [key, value] of HashMap.toEntries(annotations)) fields[key] = Inspectable.toJSON(value)
  for (const { label, startTime } of List.toArray(spans)) fields[`${label}Milliseconds`] = date.getTime() - startTime
  if (!Cause.isEmpty(cause)) fields["cause"] = Cause.pretty(cause, { renderErrorCause: true })
  return JSON.stringify(fields)
})

const levels = ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"] as const

const labels = {
  all: LogLevel.All,
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None
}

const line = Logger.map(jsonLine, (text) => {
  process.stderr.write(`${text}\n`)
})

/**
 * The program's log on standard error: for people on a terminal, else one JSON object a line. `VIGIL_LOG_LEVEL` is the least severe
 * level to show (`info`), `VIGIL_LOG_FORMAT` (`pretty`, `json`) overrides the form.
 */
export const layerLogging: Layer.Layer<never, ConfigError.ConfigError> = Layer.unwrapEffect(
  Effect.gen(function* () {
    const level = yield* Config.literal(...levels)("VIGIL_LOG_LEVEL").pipe(Config.withDefault("info" as const))
    const format = yield* Config.literal(
      "pretty",
      "json"
    )("VIGIL_LOG_FORMAT").pipe(Config.withDefault(process.stderr.isTTY ? ("pretty" as const) : ("json" as const)))
    const logger = format === "pretty" ? Logger.prettyLogger({ stderr: true, mode: "tty" }) : line
    return Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(labels[level]))
  })
)
