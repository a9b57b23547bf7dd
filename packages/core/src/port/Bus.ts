import { Context, Schema } from "effect"
import type { Effect, Scope, Stream } from "effect"
import type { BusMessage, BusMessageType } from "../BusMessage.js"
import type { EventEntry } from "../Event.js"
import type { TenantId } from "../Ids.js"

/** The message was not kept: the bus is away. Publishing it again, with the same id, is always right. */
export class BusUnavailable extends Schema.TaggedError<BusUnavailable>()("BusUnavailable", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation}: the bus is not available: ${this.detail}`
  }
}

/** The bus will never keep this message: it is larger than `limit`. Publishing it again is useless. */
export class BusMessageTooLarge extends Schema.TaggedError<BusMessageTooLarge>()("BusMessageTooLarge", {
  id: Schema.String,
  type: Schema.String,
  /** Bytes, as it would travel. */
  size: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `message ${this.id} (${this.type}) has ${this.size} bytes, the bus takes ${this.limit}: raise max_payload of the NATS server, or send less`
  }
}

/** A message in its place: positions rise by at least one from message to message and are never given twice. */
export interface Delivery {
  readonly position: number
  readonly message: BusMessage
}

export interface FollowOptions {
  /** `now`: what is published from now on; a position: what was kept from there on, and then what follows. */
  readonly from: "now" | number
  readonly tenant?: TenantId
  readonly types?: ReadonlyArray<BusMessageType>
}

/**
 * Carries messages to whoever listens, in order, and keeps them for some time, on disk or on a server: what was acknowledged is there after a
 * restart. One suite, fixtures' `BusConformance`, holds for every implementation.
 */
export class Bus extends Context.Tag("@vigil/core/Bus")<
  Bus,
  {
    /**
     * Returns once the message is kept, with its position; for an id that was published before, with the position of then. Every implementation says
     * how long it remembers ids; it is always longer than publishers take to be sure of an acknowledgement.
     */
    readonly publish: (message: BusMessage) => Effect.Effect<number, BusUnavailable | BusMessageTooLarge>
    /**
     * Subscribed when the effect returns. A follower `from: "now"` that is slow loses its own oldest messages, counted; one that started at a
     * position never loses any: it is read from what is kept. Outages are waited for; the stream ends with its scope only. Positions that are no
     * longer kept are skipped.
     */
    readonly follow: (options: FollowOptions) => Effect.Effect<Stream.Stream<Delivery>, BusUnavailable, Scope.Scope>
    /**
     * Takes events of a tenant out of what is kept, for good, and says of how many messages. Positions stay as they are. Whoever follows may have got them
     * before, and gets those that are published later.
     */
    readonly erase: (tenant: TenantId, isErased: (entry: EventEntry) => boolean) => Effect.Effect<number, BusUnavailable>
    /** The newest position that was given, 0 before the first. */
    readonly last: Effect.Effect<number, BusUnavailable>
  }
>() {}
