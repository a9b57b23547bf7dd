import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import type { SettingScope } from "@vigil/core/settings/SettingLevels"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { Effect } from "effect"
import {
  changeSettings,
  changeSettingsOfCamera,
  definitions,
  refreshSettings,
  settingsAt,
  settingsOfCamera
} from "../../application/SettingOperations.js"
import { onMatch, tagged } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

type Headers = Parameters<typeof onMatch>[0]

const look = (scope: SettingScope) => settingsAt(scope).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))

const change = (scope: SettingScope, { headers, payload }: { readonly headers: Headers; readonly payload: SettingPatch }) =>
  onMatch(headers, (expected) =>
    changeSettings(scope, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
  )

export const layerSettingHandlers = HttpApiBuilder.group(VigilApi, "settings", (handlers) =>
  handlers
    .handle("definitions", () => Effect.mapError(definitions, toProblem))
    .handle("system", () => look({ level: "system" }))
    .handle("changeSystem", (request) => change({ level: "system" }, request))
    .handle("tenant", () => look({ level: "tenant" }))
    .handle("changeTenant", (request) => change({ level: "tenant" }, request))
    .handle("site", ({ path: { id } }) => look({ level: "site", site: id }))
    .handle("changeSite", (request) => change({ level: "site", site: request.path.id }, request))
    .handle("camera", ({ path: { id } }) => settingsOfCamera(id).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("changeCamera", ({ headers, path: { id }, payload }) =>
      onMatch(headers, (expected) =>
        changeSettingsOfCamera(id, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
      )
    )
    .handle("refresh", () => Effect.mapError(refreshSettings, toProblem))
)
