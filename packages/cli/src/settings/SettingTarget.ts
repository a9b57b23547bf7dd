import { Options } from "@effect/cli"
import type { CameraId, PlaceId } from "@vigil/core/Ids"
import { settingsSubject } from "@vigil/core/settings/SettingLevels"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { Effect, Option } from "effect"
import { cameraNamed } from "../camera/CameraReference.js"
import { overHttp, overRpc } from "../operator/Server.js"
import { UsageError } from "../Output.js"
import { placeNamed } from "../PlaceReference.js"

/** At which level something is said; without any of them at that of the tenant. */
export const targetOptions = {
  system: Options.boolean("system").pipe(Options.withDescription("What all tenants of the installation inherit.")),
  site: Options.text("site").pipe(
    Options.optional,
    Options.withDescription("What the cameras of a site inherit: its name or id.")
  ),
  camera: Options.text("camera").pipe(Options.optional, Options.withDescription("What holds for one camera: its name or id."))
}

export interface TargetOptions {
  readonly system: boolean
  readonly site: Option.Option<string>
  readonly camera: Option.Option<string>
}

export type SettingTarget =
  | { readonly level: "system" | "tenant" }
  | { readonly level: "site"; readonly id: PlaceId }
  | { readonly level: "camera"; readonly id: CameraId }

export const targetOf = ({ camera, site, system }: TargetOptions) =>
  Effect.gen(function* () {
    const named = [system, Option.isSome(site), Option.isSome(camera)].filter(Boolean).length
    if (named > 1) return yield* new UsageError({ detail: "give one of --system, --site and --camera, or none for all cameras" })
    if (Option.isSome(camera)) {
      const { id } = yield* cameraNamed(camera.value)
      return { level: "camera", id } satisfies SettingTarget
    }
    if (Option.isSome(site)) {
      const { place } = yield* placeNamed(site.value)
      return { level: "site", id: place.id } satisfies SettingTarget
    }
    return { level: system ? "system" : "tenant" } satisfies SettingTarget
  })

/** Under which id the history has what is said there; a camera's own settings are in the camera's. */
export const subjectOf = (target: SettingTarget) =>
  Effect.gen(function* () {
    if (target.level === "camera") return { type: "camera", id: target.id } as const
    if (target.level === "site") return { type: "settings", id: target.id } as const
    const { tenantId } = yield* overRpc((rpc) => rpc.WhoAmI())
    return { type: "settings", id: settingsSubject(tenantId, { level: target.level }) } as const
  })

/** Everything that holds there. */
export const settingsAt = (target: SettingTarget) =>
  overHttp((http) => {
    switch (target.level) {
      case "system":
        return http.settings.system()
      case "tenant":
        return http.settings.tenant()
      case "site":
        return http.settings.site({ path: { id: target.id } })
      case "camera":
        return http.settings.camera({ path: { id: target.id } })
    }
  })

export const changeAt = (target: SettingTarget, payload: SettingPatch) =>
  overHttp((http) => {
    const headers = {}
    switch (target.level) {
      case "system":
        return http.settings.changeSystem({ headers, payload })
      case "tenant":
        return http.settings.changeTenant({ headers, payload })
      case "site":
        return http.settings.changeSite({ headers, payload, path: { id: target.id } })
      case "camera":
        return http.settings.changeCamera({ headers, payload, path: { id: target.id } })
    }
  })
