import { Context, type Effect, Schema } from "effect"
import type { DiscoveryRequest, FoundDevice } from "../Discovery.js"

/** The server is not allowed to look at these addresses. */
export class RangeRefused extends Schema.TaggedError<RangeRefused>()("RangeRefused", {
  range: Schema.String,
  allowed: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.range} is not looked at: allowed are ${this.allowed.join(", ")} (VIGIL_DISCOVERY_NETWORKS)`
  }
}

/** Hears how a scan goes; calls are cheap and come by the thousand. */
export interface ScanListener {
  readonly onDone: (connections: number) => void
  readonly onDevice: (device: FoundDevice) => void
}

/** A scan that may begin. */
export interface Scan {
  /** How many connections it tries. */
  readonly total: number
  /** Looks everywhere; what does not answer is no error. Interrupting it closes everything. */
  readonly run: (listener: ScanListener) => Effect.Effect<void>
}

/** Looks for cameras in the networks of this node. */
export class NetworkScanner extends Context.Tag("@vigil/core/NetworkScanner")<
  NetworkScanner,
  { readonly plan: (request: DiscoveryRequest) => Effect.Effect<Scan, RangeRefused> }
>() {}
