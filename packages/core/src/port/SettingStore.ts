import { Context, Schema } from "effect"
import type { Effect } from "effect"
import type { TenantId } from "../Ids.js"
import type { LevelSettings, SettingScope, TenantSettings } from "../settings/SettingLevels.js"
import type { SettingPatch } from "../settings/SettingValues.js"
import type { PlaceNotFound } from "./PlaceStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Somebody changed the settings since they were read, or there would be more of them than may be. */
export class SettingsRefused extends Schema.TaggedError<SettingsRefused>()("SettingsRefused", {
  reason: Schema.Literal("revision", "too-many"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** What is said at the levels above cameras. Values are checked by whoever asks for a change. */
export class SettingStore extends Context.Tag("@vigil/core/SettingStore")<
  SettingStore,
  {
    readonly system: Effect.Effect<LevelSettings, StoreUnavailable>
    readonly ofTenant: (tenant: TenantId) => Effect.Effect<TenantSettings, StoreUnavailable>
    /**
     * Sets and takes away; a `settings.changed` goes to the bus with it. A site is the tenant's own. What everybody inherits, `system`, is changed in the
     * name of the tenant whose person does it: its audit trail tells.
     */
    readonly change: (
      tenant: TenantId,
      scope: SettingScope,
      patch: SettingPatch,
      expectedRevision?: number
    ) => Effect.Effect<LevelSettings, SettingsRefused | PlaceNotFound | StoreUnavailable>
  }
>() {}
