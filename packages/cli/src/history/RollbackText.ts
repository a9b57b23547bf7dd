import { Args, Options } from "@effect/cli"
import { Rollback } from "@vigil/core/Rollback"
import type { Credentials } from "@vigil/core/Source"
import { Console, Effect } from "effect"
import { overHttp } from "../operator/Server.js"
import { printJson } from "../Output.js"
import { differenceTable } from "./HistoryText.js"
import type { ObjectName } from "./ObjectReference.js"

export const revisionArgument = Args.integer({ name: "revision" }).pipe(
  Args.withDescription(
    "The version that is to hold again: a number from the history; 0 for what was there before anybody changed it."
  )
)

export const dryRunOption = Options.boolean("dry-run").pipe(Options.withDescription("Only show what would change."))

const sentence = ({ dryRun, fields, restored, revision, to }: Rollback): string => {
  if (dryRun) return restored ? `Revision ${to} would be there again.` : `Revision ${to} would hold again.`
  if (restored) return `It is there again as at revision ${to}; this is its revision ${revision}.`
  return fields.length === 0
    ? `It is as it was at revision ${to} already.`
    : `It is as it was at revision ${to}; this is its revision ${revision}.`
}

const secretsSentence = ({ restored, secrets }: Rollback): string =>
  restored
    ? `Kept nowhere, and to be given again: ${secrets.join(", ")}.`
    : `Changed since, kept nowhere, and not brought back: ${secrets.join(", ")}.`

interface RollbackOptions {
  readonly revision: number
  readonly dryRun: boolean
  readonly json: boolean
  readonly credentials?: Credentials | null
}

/** Goes back to a version, or shows what that would change. */
export const rollBackObject = (path: ObjectName, { credentials, dryRun, json, revision }: RollbackOptions) =>
  Effect.gen(function* () {
    const payload = { revision, dryRun, ...(credentials === undefined ? {} : { credentials }) }
    const rollback = yield* overHttp((http) => http.history.rollBack({ path, headers: {}, payload }))
    if (json) return yield* printJson(Rollback)(rollback)
    if (rollback.fields.length > 0) yield* Console.log(differenceTable(rollback.fields, "NOW", `REVISION ${revision}`))
    yield* Console.log(sentence(rollback))
    if (rollback.secrets.length > 0) yield* Console.log(secretsSentence(rollback))
  })
