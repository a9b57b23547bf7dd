import { Options } from "@effect/cli"
import { ObjectDifference, ObjectHistory, type ObjectVersion, type VersionedType } from "@vigil/core/ObjectHistory"
import { Console, DateTime, Effect, Option } from "effect"
import { overRpc } from "./operator/Server.js"
import { printJson, table, UsageError } from "./Output.js"

export const diffOption = Options.text("diff").pipe(
  Options.withPseudoName("from..to"),
  Options.optional,
  Options.withDescription("What two revisions differ in.")
)

const row = ({ action, actor, at, changed, revision, values }: ObjectVersion): ReadonlyArray<string> => [
  String(revision),
  DateTime.formatIso(at),
  actor.username,
  action,
  values === null ? "" : changed.join(", ")
]

const text = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "-"))

const pair = (range: string) => {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(range) ?? []
  return from === undefined || to === undefined
    ? new UsageError({ detail: "--diff takes two revisions, for example 3..5" })
    : Effect.succeed({ from: Number(from), to: Number(to) })
}

/** Prints the versions of an object, or what two of them differ in. */
export const printHistory = (
  object: { readonly type: VersionedType; readonly id: string },
  options: { readonly diff: Option.Option<string>; readonly json: boolean }
) =>
  Effect.gen(function* () {
    if (Option.isSome(options.diff)) {
      const { from, to } = yield* pair(options.diff.value)
      const difference = yield* overRpc((rpc) => rpc.ObjectDifference({ ...object, from, to }))
      if (options.json) return yield* printJson(ObjectDifference)(difference)
      const rows = difference.fields.map(({ after, before, field }) => [field, text(before), text(after)])
      return yield* Console.log(table(["FIELD", String(from), String(to)], rows))
    }
    const found = yield* overRpc((rpc) => rpc.ObjectHistory(object))
    if (options.json) return yield* printJson(ObjectHistory)(found)
    yield* Console.log(table(["REVISION", "TIME", "WHO", "DID", "CHANGED"], found.versions.map(row)))
  })
