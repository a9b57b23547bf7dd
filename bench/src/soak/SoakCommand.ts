import { Cause, Effect, Exit } from "effect"
import { parseArgs } from "node:util"
import { runToEnd } from "../RunToEnd.js"
import { soak, type SoakOptions } from "../soak.js"
import { reportText } from "./SoakReport.js"

const usage = `npm run bench -- soak [--minutes 10] [--cameras 16] [--seed 1] [--store memory|postgres] [--log FILE] [--json]
`

const optionsOf = (words: ReadonlyArray<string>) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: "string", default: "10" },
      cameras: { type: "string", default: "16" },
      seed: { type: "string", default: "1" },
      store: { type: "string", default: "memory" },
      log: { type: "string" },
      json: { type: "boolean", default: false }
    }
  })
  const [minutes, cameras, seed] = [values.minutes, values.cameras, values.seed].map(Number)
  const { json, log, store } = values
  if (
    !(minutes >= 1 && cameras >= 1 && Number.isInteger(cameras) && Number.isInteger(seed)) ||
    (store !== "memory" && store !== "postgres")
  ) {
    throw new Error("--minutes from 1, --cameras from 1, --seed a whole number, --store memory or postgres")
  }
  const options: SoakOptions = {
    minutes,
    cameras,
    seed,
    store,
    log,
    onProgress: (line) => process.stderr.write(`${line}\n`)
  }
  return { options, json }
}

/** Runs cameras under faults; answers the exit code: 0 when nothing broke, 1 when something did, 2 for a wrong call. */
export const soakCommand = async (words: ReadonlyArray<string>): Promise<number> => {
  let parsed: ReturnType<typeof optionsOf>
  try {
    parsed = optionsOf(words)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return 2
  }
  const exit = await runToEnd(Effect.exit(soak(parsed.options)))
  if (Exit.isFailure(exit)) {
    process.stderr.write(`soak: ${Cause.pretty(exit.cause)}\n`)
    return 1
  }
  process.stdout.write(`${parsed.json ? JSON.stringify(exit.value) : reportText(exit.value)}\n`)
  return exit.value.broken.length === 0 ? 0 : 1
}
