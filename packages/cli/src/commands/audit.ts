import { Args, Command, Options } from "@effect/cli"
import { AuditAction, AuditEntry, type AuditPage, type AuditQuery } from "@vigil/core/AuditEntry"
import { AuditVerification } from "@vigil/core/AuditVerification"
import { VersionedType } from "@vigil/core/VersionedType"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import { diffOption, printHistory } from "../history/HistoryText.js"
import { objectNamed } from "../history/ObjectReference.js"
import { dryRunOption, revisionArgument, rollBackObject } from "../history/RollbackText.js"
import * as Server from "../operator/Server.js"
import { overRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { CommandFailed, json, printJson, table, UsageError } from "../Output.js"
import { word } from "../SourceArgument.js"
import { momentOption } from "../TimeText.js"

/** Entries of one answer of the server. */
const largestPage = 500

/** The newest entries, over as many of the server's pages as it takes. */
const newest = (query: Partial<AuditQuery>, limit: number) =>
  Effect.gen(function* () {
    const found: Array<AuditEntry> = []
    let before: number | undefined
    do {
      const page: AuditPage = yield* overRpc((rpc) =>
        rpc.QueryAudit({ query: { ...query, before, limit: Math.min(largestPage, limit - found.length) } })
      )
      found.push(...page.entries)
      before = page.next
    } while (before !== undefined && found.length < limit)
    return found
  })

const text = (value: unknown): string => {
  const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? "-")
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown
}

/** The fields that changed, as `name: old -> new`; of what was added or removed its name alone. */
const what = ({ after, before }: AuditEntry): string => {
  const named = (after ?? before ?? {})["name"] ?? (after ?? before ?? {})["username"]
  if (after === null || before === null) return named === undefined ? "" : text(named)
  return Object.entries(after)
    .filter(([field]) => field !== "revision")
    .map(([field, value]) =>
      field in before ? `${field}: ${text(before[field])} -> ${text(value)}` : `${field}: ${text(value)}`
    )
    .join(", ")
}

const row = (entry: AuditEntry): ReadonlyArray<string> => [
  String(entry.sequence),
  DateTime.formatIso(entry.at),
  entry.actor.username,
  entry.address ?? "-",
  entry.action,
  what(entry),
  entry.subject.id
]

const list = Command.make(
  "list",
  {
    actor: Options.text("actor").pipe(Options.optional, Options.withDescription("Only what this user did, by name.")),
    action: Options.choice("action", AuditAction.literals).pipe(Options.optional, Options.withDescription("Only this.")),
    of: Options.text("of").pipe(
      Options.withPseudoName("id"),
      Options.optional,
      Options.withDescription("Only what was done to this: an id as in the last column.")
    ),
    since: momentOption("since", "Only what was done at this time or later"),
    until: momentOption("until", "Only what was done before this time"),
    limit: Options.integer("limit").pipe(Options.withDefault(50), Options.withDescription("How many at the most.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      if (options.limit < 1) return yield* new UsageError({ detail: "--limit takes a number from 1" })
      const query = {
        actor: Option.getOrUndefined(options.actor),
        action: Option.getOrUndefined(options.action),
        subjectId: Option.getOrUndefined(options.of),
        from: Option.getOrUndefined(options.since),
        to: Option.getOrUndefined(options.until)
      }
      const entries = yield* newest(query, options.limit)
      if (options.json) return yield* printJson(Schema.Array(AuditEntry))(entries)
      if (entries.length === 0) return yield* Console.error("There are no such entries.")
      yield* Console.log(table(["NO", "TIME", "WHO", "FROM", "DID", "WHAT", "TO"], entries.map(row)))
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "What was done, newest first.",
      "vigil audit list --action camera.update --since 24h",
      "vigil audit list --actor anna --limit 1000 --json"
    )
  )
)

/** A mark as it is printed and noted: number, colon, hash. */
const markOf = (text: string) => {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return sequence === undefined || hash === undefined
    ? new UsageError({ detail: "--noted takes a mark as `vigil audit verify` prints it: the number, a colon and the hash" })
    : Effect.succeed({ sequence: Number(sequence), hash })
}

const verify = Command.make(
  "verify",
  {
    noted: Options.text("noted").pipe(
      Options.withPseudoName("mark"),
      Options.optional,
      Options.withDescription("The mark of an earlier check: nothing up to there may have been written anew since.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const noted = Option.isNone(options.noted) ? undefined : yield* markOf(options.noted.value)
      const result = yield* overRpc((rpc) => rpc.VerifyAudit({ noted }))
      if (options.json) yield* printJson(AuditVerification)(result)
      const { broken, entries, mark } = result
      if (broken !== null) {
        return yield* new CommandFailed({
          detail: `the audit trail is not as it was written: entry ${broken.sequence} was ${broken.kind} (${broken.detail})`
        })
      }
      if (options.json) return
      yield* Console.log(`The audit trail is whole: ${entries} entries.\nNote this mark elsewhere: ${mark.sequence}:${mark.hash}`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Check that no entry was changed, removed or put in since it was written; fails with the first that was.",
      "vigil audit verify",
      "vigil audit verify --noted MARK"
    )
  )
)

const objectArguments = {
  type: Args.choice(
    VersionedType.literals.map((type) => [type, type] as const),
    { name: "type" }
  ).pipe(Args.withDescription(`What it is: ${VersionedType.literals.join(", ")}.`)),
  object: word(
    "object",
    "Which: its name, or its id, by which it is known also after it was removed. Of settings `system`, `tenant` or a site; of policies `tenant`."
  )
}

const history = Command.make("history", { ...objectArguments, diff: diffOption, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    yield* printHistory(yield* objectNamed(options.type, options.object), options)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "The versions of anything that is configured: who changed it, when and in what, newest first.",
      "vigil audit history place North",
      "vigil audit history user maria --diff 1..3"
    )
  )
)

const rollback = Command.make(
  "rollback",
  { ...objectArguments, revision: revisionArgument, dryRun: dryRunOption, ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      yield* rollBackObject(yield* objectNamed(options.type, options.object), options)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Have a version of anything that is configured hold again, as a new version; cameras and places also after they were removed. Secrets are kept nowhere, and stay as they are.",
      'vigil audit rollback place "North/Hall 2" 1 --dry-run',
      "vigil audit rollback user maria 3"
    )
  )
)

export const auditCommand = Command.make("audit").pipe(
  Command.withDescription("Who changed what in the running Vigil, when and from where."),
  Command.withSubcommands([list, verify, history, rollback])
)
