import { Context, type Effect, type Stream } from "effect"
import type { TenantId } from "../Ids.js"
import type { KeyRotation, KeyRotationRefused, KeyStatus } from "../KeyRotation.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Puts stored secrets under another master key, some at a time, while they are in use. */
export class KeyRotator extends Context.Tag("@vigil/core/KeyRotator")<
  KeyRotator,
  {
    readonly status: Effect.Effect<KeyStatus, StoreUnavailable>
    /**
     * Rotates to the next key and tells how far it is; in the audit trail of the tenant. What is interrupted is taken up where it was, by
     * the next call.
     */
    readonly rotate: (tenant: TenantId) => Stream.Stream<KeyRotation, StoreUnavailable | KeyRotationRefused>
  }
>() {}
