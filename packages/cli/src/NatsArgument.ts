import { Options } from "@effect/cli"
import { natsSettings } from "@vigil/runtime/nats/NatsSettings"
import { Config, Effect, Option } from "effect"
import { UsageError } from "./Output.js"

/** Arguments are seen by everybody on the machine. */
const hasSecret = (text: string): boolean => /\/\/[^/@]*:[^/@]*@/.test(text) || /[?&]password=/.test(text)

/** An address that was given as `--option`, without a password in it; `variables` names where that may be. */
export const addressArgument = (option: string, typed: Option.Option<string>, variables: string) =>
  Option.match(typed, {
    onNone: () => Effect.succeedNone,
    onSome: (text) =>
      hasSecret(text)
        ? new UsageError({
            detail: `--${option} must have no password, everybody on this machine could read it: use ${variables}`
          })
        : Effect.succeedSome(text)
  })

/** `--nats`: where the cluster's NATS is. */
export const natsOption = Options.text("nats").pipe(
  Options.withPseudoName("url"),
  Options.optional,
  Options.withDescription("Where NATS is, without a password: nats://host:4222, several with commas. VIGIL_NATS_URL by default.")
)

/** How to reach NATS: as `--nats` says, else as the environment does. */
export const natsArgument = (typed: Option.Option<string>) =>
  Effect.gen(function* () {
    const given = yield* addressArgument("nats", typed, "VIGIL_NATS_URL or VIGIL_NATS_PASSWORD")
    const set = yield* Config.option(Config.string("VIGIL_NATS_URL"))
    if (Option.isNone(given) && Option.isNone(set)) {
      return yield* new UsageError({ detail: "where is NATS? Set VIGIL_NATS_URL, or give --nats" })
    }
    return yield* natsSettings(Option.getOrUndefined(given))
  })
