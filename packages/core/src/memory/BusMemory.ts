import { Effect, Layer } from "effect"
import { makeBusFollowers, isWanted } from "../BusFollowers.js"
import { measuredBus } from "../BusMetrics.js"
import { Bus, type Delivery } from "../port/Bus.js"

export interface BusMemoryOptions {
  /** How many messages are kept for followers by position; beyond that the oldest go. Default 10,000. */
  readonly kept?: number
  /** How far a follower from `now` may be behind. Default 1024. */
  readonly capacity?: number
}

/** Messages of one answer to a follower by position. */
const pageSize = 256

/** A bus within this process; what it keeps, and the ids that it remembers, end with it. */
export const makeBusMemory = (options: BusMemoryOptions = {}): typeof Bus.Service => {
  const most = options.kept ?? 10_000
  /** In order of position. */
  let kept: Array<Delivery> = []
  const positions = new Map<string, number>()
  let last = 0

  const followers = makeBusFollowers({
    capacity: options.capacity,
    read: (from, wanted) =>
      Effect.sync(() => {
        const skip = kept.findIndex(({ position }) => position >= from)
        const page = skip < 0 ? [] : kept.slice(skip, skip + pageSize)
        return {
          deliveries: page.filter(({ message }) => isWanted(wanted, message)),
          next: (page.at(-1)?.position ?? from - 1) + 1
        }
      })
  })

  const shrink = () => {
    // In steps, so that it costs little per message.
    if (kept.length < most * 1.25) return
    for (const { message } of kept.slice(0, kept.length - most)) positions.delete(message.id)
    kept = kept.slice(kept.length - most)
  }

  return measuredBus({
    publish: (message) =>
      Effect.sync(() => {
        const before = positions.get(message.id)
        if (before !== undefined) return before
        last += 1
        const delivery = { position: last, message }
        kept.push(delivery)
        positions.set(message.id, last)
        shrink()
        followers.deliver(delivery)
        return last
      }),
    follow: followers.follow,
    erase: (tenant, isErased) =>
      Effect.sync(() => {
        const before = kept.length
        kept = kept.filter(({ message }) => message.tenantId !== tenant || !("entry" in message) || !isErased(message.entry))
        return before - kept.length
      }),
    last: Effect.sync(() => last)
  })
}

/** A bus within this process that keeps the newest 10,000 messages. */
export const layerBusMemory: Layer.Layer<Bus> = Layer.sync(Bus, () => makeBusMemory())
