import { Command, Options } from "@effect/cli"
import { Erasure, ErasureCounts, ErasureId, ErasureRequest } from "@vigil/core/Erasure"
import { EventType } from "@vigil/core/Event"
import { CameraId, EventId, TrackId } from "@vigil/core/Ids"
import { Console, DateTime, Effect, Exit, Option, Schema, Stream } from "effect"
import { described } from "../Help.js"
import { open, unlink } from "node:fs/promises"
import { findCamera, listCameras } from "../camera/CameraReference.js"
import * as Server from "../operator/Server.js"
import { download, overHttp, overRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { CommandFailed, decodeTyped, json, printJson, table, UsageError } from "../Output.js"
import { word } from "../SourceArgument.js"
import { counted, progressText, reportText, stateText } from "../privacy/ErasureText.js"
import { momentOption } from "../TimeText.js"
import { userNamed } from "../user/UserReference.js"

const several = (name: string, description: string) =>
  Options.text(name).pipe(Options.repeated, Options.withDescription(`${description}; may be repeated.`))

/** Removed cameras have no name any more, but their events have their id. */
const cameraIds = (texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    if (texts.length === 0) return []
    const known = yield* listCameras
    return yield* Effect.forEach(texts, (text) =>
      Option.match(Schema.decodeUnknownOption(CameraId)(text.toLowerCase()), {
        onNone: () => Effect.map(findCamera(known, text), ({ id }) => id),
        onSome: Effect.succeed
      })
    )
  })

/** Who was followed when an event happened. */
const trackOf = (text: string) =>
  Effect.gen(function* () {
    const id = yield* decodeTyped(EventId, `--person-of ${text}`)(text)
    const { event } = yield* overRpc((rpc) => rpc.GetEvent({ id }))
    const { trackingId } = event.detectionMetadata
    if (trackingId === undefined) {
      return yield* new UsageError({ detail: `nobody was followed in event ${text}: name it with --event, or a time` })
    }
    return trackingId
  })

const given = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> | undefined => (values.length > 0 ? values : undefined)

const cameraNames = Effect.map(listCameras, (cameras) => new Map(cameras.map(({ id, name }) => [id, name])))

const reportOf = (id: ErasureId) => overHttp((http) => http.privacy.getErasure({ path: { id } }))

/** Waits until nothing is left at the centre, and says how far it is meanwhile. */
const cleared = (begun: Erasure) =>
  Effect.iterate(begun, {
    while: ({ clearedAt }) => clearedAt === null,
    body: (report) =>
      Console.error(`${progressText(report)} (it goes on by itself)`).pipe(
        Effect.zipRight(Effect.sleep("2 seconds")),
        Effect.zipRight(reportOf(report.id))
      )
  })

const print = (report: Erasure, asJson: boolean) =>
  Effect.gen(function* () {
    yield* asJson ? printJson(Erasure)(report) : Console.log(reportText(report, yield* cameraNames))
  })

const erase = Command.make(
  "erase",
  {
    since: momentOption("since", "Events that began at this time or later"),
    until: momentOption("until", "Events that began before this time"),
    cameras: several("camera", "Events of this camera, by name or id"),
    types: Options.choice("type", EventType.literals).pipe(
      Options.repeated,
      Options.withDescription("Events of this type; may be repeated.")
    ),
    people: several("person-of", "Everything of whom this event, by its id, is about"),
    tracks: several("track", "Everything of whom was followed under this trackingId"),
    events: several("event", "This event, by its id"),
    reason: Options.text("reason").pipe(
      Options.withDescription("Why, for the report and the audit trail, which stay: name nobody.")
    ),
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Only count what would be erased.")),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const people = yield* Effect.forEach(options.people, trackOf)
      const tracks = yield* Effect.forEach(options.tracks, (text) => decodeTyped(TrackId, `--track ${text}`)(text))
      const payload = yield* decodeTyped(
        Schema.typeSchema(ErasureRequest),
        "what to erase"
      )({
        reason: options.reason.trim(),
        selection: {
          from: Option.getOrUndefined(options.since),
          to: Option.getOrUndefined(options.until),
          cameraIds: given(yield* cameraIds(options.cameras)),
          eventTypes: given(options.types),
          trackingIds: given([...people, ...tracks]),
          eventIds: given(yield* Effect.forEach(options.events, (text) => decodeTyped(EventId, `--event ${text}`)(text)))
        }
      })
      if (options.dryRun) {
        const counts = yield* overHttp((http) => http.privacy.previewErasure({ payload: payload.selection }))
        return yield* options.json ? printJson(ErasureCounts)(counts) : Console.log(counted(counts, yield* cameraNames))
      }
      const report = yield* cleared(yield* overHttp((http) => http.privacy.erase({ payload })))
      yield* print(report, options.json)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Erase events for good, wherever they are kept: those that all of the options hold for. A report stays.",
      'vigil privacy erase --since 2026-01-31T14:00 --until 2026-01-31T15:00 --camera Gate --reason "Request 17" --dry-run',
      'vigil privacy erase --person-of EVENT --reason "Request 17"'
    )
  )
)

const erasures = Command.make("erasures", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const reports = yield* overHttp((http) => http.privacy.listErasures())
    if (options.json) return yield* printJson(Schema.Array(Erasure))(reports)
    if (reports.length === 0) return yield* Console.error("Nothing was erased.")
    yield* Console.log(
      table(
        ["TIME", "WHO", "EVENTS", "STATE", "REASON", "ID"],
        reports.map((report) => [
          DateTime.formatIso(report.requestedAt),
          report.requestedBy.username,
          String(report.erased.events),
          stateText(report),
          report.reason,
          report.id
        ])
      )
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The reports of what was erased.", "vigil privacy erasures --json")))

const report = Command.make(
  "report",
  { id: word("id", "The report's id, as `vigil privacy erasures` tells it."), ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const id = yield* decodeTyped(ErasureId, `report ${options.id}`)(options.id.toLowerCase())
      yield* print(yield* reportOf(id), options.json)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "The report of one erasure: how far it is, what was erased where, and what is not.",
      "vigil privacy report 3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33 --json"
    )
  )
)

const userOf = (name: string) =>
  Effect.gen(function* () {
    const me = yield* overHttp((http) => http.session.me())
    return me.username.toLowerCase() === name.toLowerCase() ? me : yield* userNamed(name)
  })

/** Writes a file that nobody else may read, and that was not there; one that broke off is taken away. Says how long it is. */
const writeNew = <E, R>(file: string, parts: Stream.Stream<Uint8Array, E, R>) => {
  const attempt = <A>(what: () => Promise<A>) =>
    Effect.tryPromise({
      try: what,
      catch: (error) => new CommandFailed({ detail: `${file} cannot be written: ${String(error)}` })
    })
  return Effect.acquireUseRelease(
    attempt(() => open(file, "wx", 0o600)),
    (handle) =>
      Stream.runFoldEffect(parts, 0, (length, part) =>
        Effect.as(
          attempt(() => handle.writeFile(part)),
          length + part.length
        )
      ),
    (handle, exit) =>
      Effect.promise(async () => {
        await handle.close()
        if (Exit.isFailure(exit)) await unlink(file)
      })
  )
}

const exportData = Command.make(
  "export",
  {
    file: word("file", "The archive to write (ZIP of JSON lines); nobody else may read it."),
    user: Options.text("user").pipe(
      Options.optional,
      Options.withDescription(
        "What is kept of this user; everybody may have the own. Without it, all that is kept of the tenant."
      )
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const user = yield* Effect.transposeMapOption(options.user, userOf)
      const whose = Option.match(user, { onNone: () => "export", onSome: ({ id }) => `users/${id}/export` })
      const bytes = yield* writeNew(options.file, download(`/api/v1/privacy/${whose}`))
      yield* Console.log(
        options.json
          ? JSON.stringify({ file: options.file, bytes })
          : `What is kept ${Option.match(user, { onNone: () => "", onSome: ({ username }) => `of ${username} ` })}is in ${options.file}, without secrets.`
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Write all that is kept of the tenant, or of one user, to an archive.",
      "vigil privacy export everything.zip",
      "vigil privacy export mine.zip --user zoe"
    )
  )
)

export const privacyCommand = Command.make("privacy").pipe(
  Command.withDescription("Erasing what is known of people, and handing out what is kept."),
  Command.withSubcommands([erase, erasures, report, exportData])
)
