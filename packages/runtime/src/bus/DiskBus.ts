import { makeBusFollowers } from "@vigil/core/BusFollowers"
import type { BusMessage } from "@vigil/core/BusMessage"
import { measuredBus } from "@vigil/core/BusMetrics"
import { Bus, BusMessageTooLarge, BusUnavailable, type Delivery, type FollowOptions } from "@vigil/core/port/Bus"
import { type ConfigError, Effect, Either, Layer, Runtime } from "effect"
import { chooses, decodeMessage, encodeMessage, eventTypes, isErasedMessage, subjectOf } from "./BusCodec.js"
import { busRetention } from "./BusRetention.js"
import { type DiskLogOptions, openDiskLog } from "./DiskLog.js"
import { isBlank, type LogRecord } from "./LogRecord.js"

/** The same limit as a NATS server's own, so that an installation can grow into a cluster. */
const largestMessage = 1024 * 1024

export type DiskBusOptions = Pick<DiskLogOptions, "folder" | "maxBytes" | "maxAge" | "segmentBytes" | "rememberedIds">

const unavailable = (operation: string) => (error: unknown) =>
  new BusUnavailable({ operation, detail: error instanceof Error ? error.message : String(error) })

/**
 * The bus of one node, in a folder: what was acknowledged is on disk. Remembers the ids of the newest 32,768 messages, over restarts too.
 */
export const makeDiskBus = (options: DiskBusOptions) =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime()
    const warn = (text: string) => void Runtime.runFork(runtime)(Effect.logWarning(text))
    /** Messages on their way to the disk, so that followers from `now` need not decode them. */
    const fresh = new Map<string, BusMessage>()

    const log = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          openDiskLog({
            ...options,
            onWarning: warn,
            onCommitted: ({ id, position }) => {
              const message = fresh.get(id)
              fresh.delete(id)
              if (message !== undefined) followers.deliver({ position, message })
            }
          }),
        catch: unavailable("open the bus")
      }),
      (opened) => Effect.promise(() => opened.close())
    )

    const toDelivery = (record: LogRecord): ReadonlyArray<Delivery> => {
      if (isBlank(record)) return []
      const { message, position } = record
      return Either.match(decodeMessage(message), {
        onLeft: (error) => {
          warn(`message ${position} of the bus cannot be read: ${error.message}`)
          return []
        },
        onRight: (decoded) => [{ position, message: decoded }]
      })
    }

    const read = (from: number, wanted: FollowOptions) =>
      Effect.tryPromise({ try: () => log.read(from), catch: unavailable("read the bus") }).pipe(
        Effect.map(({ next, records }) => {
          const isChosen = chooses(wanted)
          return { deliveries: records.filter(({ subject }) => isChosen(subject)).flatMap(toDelivery), next }
        })
      )

    const followers = makeBusFollowers({ read })

    const publish = (message: BusMessage) =>
      Effect.suspend((): Effect.Effect<number, BusUnavailable | BusMessageTooLarge> => {
        const { id, type } = message
        const bytes = encodeMessage(message)
        if (bytes.length > largestMessage) {
          return Effect.fail(new BusMessageTooLarge({ id, type, size: bytes.length, limit: largestMessage }))
        }
        return Effect.tryPromise({
          try: () => {
            if (!log.knows(id)) fresh.set(id, message)
            return log.append({ subject: subjectOf(message), id, message: bytes })
          },
          catch: (error) => {
            fresh.delete(id)
            return unavailable("publish")(error)
          }
        })
      })

    const erase: (typeof Bus.Service)["erase"] = (tenant, isErased) => {
      const isOfEvent = chooses({ from: "now", tenant, types: eventTypes })
      return Effect.tryPromise({
        try: () => log.erase(({ message, subject }) => isOfEvent(subject) && isErasedMessage(message, isErased)),
        catch: unavailable("erase events")
      })
    }

    return measuredBus({ publish, follow: followers.follow, erase, last: Effect.sync(() => log.last()) })
  })

/** Kept for `VIGIL_BUS_MAX_AGE`, and within `VIGIL_BUS_MAX_BYTES`. */
export const layer = (folder: string): Layer.Layer<Bus, BusUnavailable | ConfigError.ConfigError> =>
  Layer.scoped(
    Bus,
    Effect.flatMap(busRetention, (retention) => makeDiskBus({ ...retention, folder }))
  )
