import { Context, type Effect, Schema } from "effect"
import type { Discovery } from "../Discovery.js"
import { DiscoveryId, type TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

export class DiscoveryNotFound extends Schema.TaggedError<DiscoveryNotFound>()("DiscoveryNotFound", {
  discoveryId: DiscoveryId
}) {
  override get message() {
    return `there is no discovery ${this.discoveryId}`
  }
}

/** `running`: one is under way; `unknown-device` has not been found, `no-stream` of a device that told none. */
export class DiscoveryRefused extends Schema.TaggedError<DiscoveryRefused>()("DiscoveryRefused", {
  reason: Schema.Literal("running", "unknown-device", "no-stream", "known-camera"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export const alreadyRunning = (): DiscoveryRefused =>
  new DiscoveryRefused({ reason: "running", detail: "a discovery is under way: wait for it, or cancel it" })

/** Finished discoveries of a tenant that are kept. */
export const keptDiscoveries = 20

/** The searches for cameras of a tenant, wherever they run, as they are shown; the newest {@link keptDiscoveries} are kept. */
export class DiscoveryStore extends Context.Tag("@vigil/core/DiscoveryStore")<
  DiscoveryStore,
  {
    /** A tenant has one under way at a time. */
    readonly add: (discovery: Discovery) => Effect.Effect<void, DiscoveryRefused | StoreUnavailable>
    /** Writes down how far it is, while it is under way; says whether it is to go on. */
    readonly report: (discovery: Discovery) => Effect.Effect<boolean, StoreUnavailable>
    /** Has one that is under way end, wherever it runs. */
    readonly cancel: (tenant: TenantId, id: DiscoveryId) => Effect.Effect<Discovery, DiscoveryNotFound | StoreUnavailable>
    readonly get: (tenant: TenantId, id: DiscoveryId) => Effect.Effect<Discovery, DiscoveryNotFound | StoreUnavailable>
    /** With whole addresses, to make cameras of them. */
    readonly whole: (tenant: TenantId, id: DiscoveryId) => Effect.Effect<Discovery, DiscoveryNotFound | StoreUnavailable>
    /** Newest first. */
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Discovery>, StoreUnavailable>
  }
>() {}
