import { EventChange, EventEntry } from "@vigil/core/Event"
import { CameraId, EventId, TenantId } from "@vigil/core/Ids"
import { makeEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { EventStore } from "@vigil/core/port/EventStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Layer, Schema } from "effect"
import { open } from "node:fs/promises"

/** A write, as one line of JSON. */
const Line = Schema.parseJson(
  Schema.Union(
    Schema.TaggedStruct("Append", { cameraId: CameraId, entries: Schema.Array(EventEntry) }),
    Schema.TaggedStruct("Published", { cameraId: CameraId, sequence: Schema.Int }),
    Schema.TaggedStruct("Change", { tenant: TenantId, eventId: EventId, change: EventChange })
  )
)
type Line = typeof Line.Type

const unavailable = (operation: string) => (cause: unknown) => new StoreUnavailable({ operation, detail: String(cause) })

/** Entries that can be read; the file itself keeps all. */
const capacity = 100_000

/**
 * Events as lines of a file. A line is written before it counts: read again in the same order, the lines make the same log, refusals included. What a crash
 * left of the last line is cut off.
 */
const make = (path: string) =>
  Effect.gen(function* () {
    const file = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => open(path, "a+"), catch: unavailable(`open ${path}`) }),
      (handle) => Effect.promise(() => handle.close())
    )
    const memory = makeEventStoreMemory(capacity)
    const turn = yield* Effect.makeSemaphore(1)

    const apply = (line: Line): Effect.Effect<void, unknown> => {
      if (line._tag === "Append") return memory.append(line.cameraId, line.entries)
      if (line._tag === "Published") return memory.markPublished(line.cameraId, line.sequence)
      return Effect.asVoid(memory.change(line.tenant, line.eventId, line.change))
    }

    const bytes = yield* Effect.tryPromise({ try: () => file.readFile(), catch: unavailable(`read ${path}`) })
    let end = bytes.lastIndexOf("\n") + 1
    const truncate = Effect.tryPromise({ try: () => file.truncate(end), catch: unavailable(`mend ${path}`) })
    yield* truncate
    for (const text of bytes.subarray(0, end).toString().split("\n").slice(0, -1)) {
      const line = yield* Effect.mapError(Schema.decode(Line)(text), unavailable(`read ${path}`))
      // swallowed: what was refused when it was written is refused again
      yield* Effect.either(apply(line))
    }

    /** A write that failed may have left a part of its line. */
    const write = (line: Line) => {
      const text = Buffer.from(`${Schema.encodeSync(Line)(line)}\n`)
      const appended = Effect.tryPromise({
        try: () => file.appendFile(text).then(() => file.datasync()),
        catch: unavailable(`write ${path}`)
      })
      return Effect.zipRight(truncate, appended).pipe(Effect.map(() => void (end += text.length)))
    }
    const written = <A, E>(line: Line, applied: Effect.Effect<A, E>) =>
      write(line).pipe(Effect.zipRight(applied), Effect.uninterruptible, turn.withPermits(1))

    return EventStore.of({
      ...memory,
      append: (cameraId, entries) => written({ _tag: "Append", cameraId, entries }, memory.append(cameraId, entries)),
      markPublished: (cameraId, sequence) =>
        written({ _tag: "Published", cameraId, sequence }, memory.markPublished(cameraId, sequence)),
      change: (tenant, eventId, change) =>
        written({ _tag: "Change", tenant, eventId, change }, memory.change(tenant, eventId, change))
    })
  })

export const layerLineEventStore = (path: string): Layer.Layer<EventStore, StoreUnavailable> =>
  Layer.scoped(EventStore, make(path))
