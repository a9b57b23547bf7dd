import { Options } from "@effect/cli"
import { ObjectDifference, ObjectHistory, type ObjectVersion } from "@vigil/core/ObjectHistory"
import { Console, DateTime, Effect, Option } from "effect"
import { overRpc } from "../operator/Server.js"
import { printJson, table, UsageError } from "../Output.js"
import type { ObjectName } from "./ObjectReference.js"

export const diffOption = Options.text("diff").pipe(
  Options.withPseudoName("from..to"),
  Options.optional,
  Options.withDescription("What two revisions differ in.")
)

const row = ({ action, actor, at, changed, revision, rolledBackTo, values }: ObjectVersion): ReadonlyArray<string> => [
  String(revision),
  DateTime.formatIso(at),
  actor.username,
  rolledBackTo === null ? action : `${action} to ${rolledBackTo}`,
  values === null ? "" : changed.join(", ")
]

const text = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "-" : (JSON.stringify(value) ?? "-")

/** What differs, under two headings. */
export const differenceTable = (fields: ObjectDifference["fields"], before: string, after: string): string =>
  table(
    ["FIELD", before, after],
    fields.map((changed) => [changed.field, text(changed.before), text(changed.after)])
  )

const pair = (range: string) => {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(range) ?? []
  return from === undefined || to === undefined
    ? new UsageError({ detail: "--diff takes two revisions, for example 3..5" })
    : Effect.succeed({ from: Number(from), to: Number(to) })
}

/** Prints the versions of an object, or what two of them differ in. */
export const printHistory = (object: ObjectName, options: { readonly diff: Option.Option<string>; readonly json: boolean }) =>
  Effect.gen(function* () {
    if (Option.isSome(options.diff)) {
      const { from, to } = yield* pair(options.diff.value)
      const difference = yield* overRpc((rpc) => rpc.ObjectDifference({ ...object, from, to }))
      if (options.json) return yield* printJson(ObjectDifference)(difference)
      return yield* Console.log(differenceTable(difference.fields, String(from), String(to)))
    }
    const found = yield* overRpc((rpc) => rpc.ObjectHistory(object))
    if (options.json) return yield* printJson(ObjectHistory)(found)
    yield* Console.log(table(["REVISION", "TIME", "WHO", "DID", "CHANGED"], found.versions.map(row)))
  })
