import { type BusPage, makeBusFollowers } from "@vigil/core/BusFollowers"
import type { BusMessage } from "@vigil/core/BusMessage"
import { measuredBus } from "@vigil/core/BusMetrics"
import type { EventEntry } from "@vigil/core/Event"
import type { TenantId } from "@vigil/core/Ids"
import { Bus, BusMessageTooLarge, BusUnavailable, type FollowOptions } from "@vigil/core/port/Bus"
import { Config, type ConfigError, Deferred, Effect, Either, Fiber, Layer, Runtime } from "effect"
import { DiscardPolicy, ErrorCode, NatsError, nanos, RetentionPolicy, StorageType, type StreamConfig } from "nats"
import { Nats } from "../nats/Nats.js"
import { chooses, decodeMessage, encodeMessage, isErasedMessage, subjectOf } from "./BusCodec.js"
import { busRetention } from "./BusRetention.js"
import { makeStreamPublisher } from "./StreamPublisher.js"
import { openStreamReader, type StreamReader } from "./StreamReader.js"
import { followStream } from "./StreamTail.js"

export interface JetStreamBusOptions {
  /** Milliseconds that messages are kept. */
  readonly maxAge: number
  readonly maxBytes: number
  /** Servers of the NATS cluster that each keep the messages. */
  readonly replicas: number
  /** Milliseconds over which the server knows all ids. Default 10 minutes. */
  readonly duplicateWindow?: number
}

/** Milliseconds until an answer of the server is given up. */
const patience = 5000
/** Bytes of a message's headers at the most, its id apart. */
const headerBytes = 256

const detailOf = (error: unknown): string => {
  if (!(error instanceof NatsError)) return error instanceof Error ? error.message : String(error)
  if (error.code === ErrorCode.NoResponders)
    return "nobody keeps messages: JetStream is off at the NATS server, or its stream is missing"
  if (error.code === ErrorCode.Timeout) return `NATS gave no answer within ${patience} ms`
  return error.api_error?.description ?? error.message
}

const isMissingStream = (error: unknown): boolean =>
  error instanceof NatsError && (error.code === ErrorCode.NoResponders || error.api_error?.code === 404)

/** What a server with one filter for each reader can choose by; readers choose the rest. */
const filterTokens = ({ tenant, types }: FollowOptions): ReadonlyArray<string> => {
  const parts = (types ?? ["*.*"]).map((type) => type.split("."))
  const only = (index: number) => {
    const tokens = new Set(parts.map((part) => part[index] ?? "*"))
    const [first = "*"] = tokens
    return tokens.size === 1 ? first : "*"
  }
  return [only(0), only(1), tenant ?? "*", "*"]
}

/**
 * The bus of a cluster: a JetStream stream `vigil-<cluster>-bus`, one subject for each type and camera,
 * `vigil.<cluster>.bus.<type>.<tenant>.<camera>`. The server knows every id for ten minutes, those of events and cameras for as long as the message
 * is kept, so that no follower ever sees one of them twice.
 */
export const makeJetStreamBus = (options: JetStreamBusOptions) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const { cluster, connection, subject } = nats
    const scope = yield* Effect.scope
    const run = Runtime.runFork(yield* Effect.runtime())
    const warn = (text: string) => void run(Effect.logWarning(text))
    const stream = `vigil-${cluster}-bus`
    const client = connection.jetstream({ timeout: patience })
    const manager = yield* Effect.promise(() => client.jetstreamManager(false))
    const publisher = makeStreamPublisher({ client, manager, nats, patience, stream })
    const everything = subject("bus", ">")
    const subjectOfBus = (message: BusMessage) => subject("bus", ...subjectOf(message).split("."))
    const withinBus = (full: string) => full.slice(everything.length - 1)

    const configuration: Partial<StreamConfig> & { name: string } = {
      name: stream,
      subjects: [everything],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: nanos(options.maxAge),
      max_bytes: options.maxBytes,
      duplicate_window: nanos(Math.min(options.duplicateWindow ?? 600_000, options.maxAge)),
      num_replicas: options.replicas,
      allow_direct: true
    }

    const ask = <A>(operation: string, question: () => Promise<A>) =>
      Effect.suspend(() =>
        nats.connectedFor() === 0
          ? Effect.fail(new BusUnavailable({ operation, detail: "NATS is away" }))
          : Effect.tryPromise({ try: question, catch: (error) => new BusUnavailable({ operation, detail: detailOf(error) }) })
      )

    const ensureStream = async () => {
      const existing = await manager.streams.info(stream).catch((error: unknown) => {
        if (isMissingStream(error)) return undefined
        throw error
      })
      await (existing === undefined
        ? manager.streams.add(configuration)
        : manager.streams.update(stream, { ...existing.config, ...configuration }))
    }

    /** A server that lost its stream gets it again. */
    const withStream = async <A>(use: () => Promise<A>): Promise<A> => {
      try {
        return await use()
      } catch (error) {
        if (!isMissingStream(error)) throw error
        await ensureStream()
        return use()
      }
    }

    /** The newest positions that the tail has seen, and that this node's publishers got. */
    let seen = 0
    let acknowledged = 0

    const publish = (message: BusMessage) =>
      Effect.suspend((): Effect.Effect<number, BusUnavailable | BusMessageTooLarge> => {
        const { id, type } = message
        const bytes = encodeMessage(message)
        const size = bytes.length + headerBytes + Buffer.byteLength(id)
        const limit = connection.info?.max_payload ?? size
        if (size > limit) return Effect.fail(new BusMessageTooLarge({ id, type, size, limit }))
        return ask("publish", () => withStream(() => publisher(subjectOfBus(message), message, bytes)))
      }).pipe(
        Effect.tap((position) => {
          acknowledged = Math.max(acknowledged, position)
        })
      )

    const last = ask("ask for the newest position", () => withStream(() => manager.streams.info(stream))).pipe(
      Effect.map(({ state }) => state.last_seq)
    )

    const eraseAll = async (tenant: TenantId, isErased: (entry: EventEntry) => boolean): Promise<number> => {
      const reader = await openStreamReader(nats, manager, stream, {
        subject: subject("bus", "event", "*", tenant, "*"),
        from: 1
      })
      for (let erased = 0; ; ) {
        const { complete, messages } = await reader.read()
        const gone = messages.filter(({ data }) => isErasedMessage(data, isErased))
        const answers = await Promise.all(gone.map(({ sequence }) => manager.streams.deleteMessage(stream, sequence, true)))
        erased += answers.filter(Boolean).length
        if (complete || messages.length === 0) return erased
      }
    }

    const readers = new WeakMap<FollowOptions, { readonly reader: StreamReader; readonly next: number }>()

    const readPage = async (from: number, wanted: FollowOptions): Promise<BusPage> => {
      const known = readers.get(wanted)
      readers.delete(wanted)
      const filter = subject("bus", ...filterTokens(wanted))
      const reader =
        known?.next === from ? known.reader : await openStreamReader(nats, manager, stream, { subject: filter, from })
      const { messages } = await reader.read()
      const isChosen = chooses(wanted)
      const deliveries = messages.flatMap(({ data, sequence, subject: full }) => {
        if (!isChosen(withinBus(full))) return []
        const decoded = decodeMessage(data)
        if (Either.isRight(decoded)) return [{ position: sequence, message: decoded.right }]
        warn(`message ${sequence} of the bus cannot be read: ${decoded.left.message}`)
        return []
      })
      const next = Math.max(from, (messages.at(-1)?.sequence ?? 0) + 1)
      // One that found nothing although there is something new may have missed it: the next one looks for itself.
      if (messages.length > 0 || seen < from) readers.set(wanted, { reader, next })
      return { deliveries, next }
    }

    const followers = makeBusFollowers({
      read: (from, wanted) => ask("read the bus", () => withStream(() => readPage(from, wanted)))
    })

    const startTail = Effect.gen(function* () {
      seen = yield* last
      const begun = yield* Deferred.make<void>()
      const following = yield* followStream(
        {
          nats,
          manager,
          stream,
          subject: everything,
          from: seen + 1,
          onWarning: warn,
          onBegunAnew: () => {
            seen = 0
            acknowledged = 0
            followers.beginAnew()
          },
          onMessage: (sequence, { data }) => {
            seen = sequence
            const decoded = decodeMessage(data)
            if (Either.isRight(decoded)) followers.deliver({ position: sequence, message: decoded.right })
            else warn(`message ${sequence} of the bus cannot be read: ${decoded.left.message}`)
          }
        },
        () => Deferred.unsafeDone(begun, Effect.void)
      ).pipe(Effect.forkIn(scope))
      yield* Deferred.await(begun).pipe(
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () =>
            new BusUnavailable({ operation: "follow the bus", detail: `NATS gave no answer within ${patience} ms` })
        }),
        Effect.onError(() => Fiber.interrupt(following))
      )
    })

    /** One tail for all followers of this node, from the first one on. */
    const starting = yield* Effect.makeSemaphore(1)
    let started = false
    const tail = starting.withPermits(1)(
      Effect.suspend(() =>
        started
          ? Effect.void
          : Effect.tap(startTail, () => {
              started = true
            })
      )
    )

    yield* ask("set up the stream", ensureStream).pipe(
      // Whoever publishes or follows first tries again.
      Effect.catchTag("BusUnavailable", (error) => Effect.logWarning(error.message))
    )

    return measuredBus({
      publish,
      erase: (tenant, isErased) => ask("erase events", () => withStream(() => eraseAll(tenant, isErased))),
      follow: (wanted) =>
        Effect.zipRight(
          tail,
          Effect.suspend(() => followers.follow({ ...wanted }, Math.max(seen, acknowledged)))
        ),
      last
    })
  })

/** Kept for `VIGIL_BUS_MAX_AGE`, within `VIGIL_BUS_MAX_BYTES`, by `VIGIL_BUS_REPLICAS` (1) servers of the NATS cluster. */
export const layer: Layer.Layer<Bus, ConfigError.ConfigError, Nats> = Layer.scoped(
  Bus,
  Effect.gen(function* () {
    const retention = yield* busRetention
    const replicas = yield* Config.integer("VIGIL_BUS_REPLICAS").pipe(
      Config.withDefault(1),
      Config.validate({ message: "expected a number from 1 to 5", validation: (count) => count >= 1 && count <= 5 })
    )
    return yield* makeJetStreamBus({ ...retention, replicas })
  })
)
