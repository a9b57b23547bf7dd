import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import { SettingsView } from "@vigil/core/settings/SettingLevels"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { Schema } from "effect"
import { request, sendJson } from "./Session.js"

/** Where settings are looked at: `tenant`, `system`, `sites/<id>` or `cameras/<id>`. */
export type SettingPlace = string

const decodeView = Schema.decodeUnknownPromise(SettingsView)
const decodeDefinitions = Schema.decodeUnknownPromise(Schema.Array(SettingDefinition))

export const settingsQuery = (place: SettingPlace) =>
  queryOptions({
    queryKey: ["settings", place],
    queryFn: async ({ signal }) => decodeView(await (await request(`/api/v1/settings/${place}`, { signal })).json())
  })

export const settingDefinitionsQuery = queryOptions({
  queryKey: ["setting-definitions"],
  queryFn: async ({ signal }) => decodeDefinitions(await (await request("/api/v1/settings/definitions", { signal })).json()),
  staleTime: Number.POSITIVE_INFINITY
})

/** Says something there, or takes it back. What is below may inherit it, so that everything is asked for again. */
export const changeSettings = async (client: QueryClient, place: SettingPlace, patch: SettingPatch): Promise<void> => {
  const answer = await sendJson(`/api/v1/settings/${place}`, "PATCH", patch)
  client.setQueryData(settingsQuery(place).queryKey, await decodeView(await answer.json()))
  await client.invalidateQueries({ queryKey: ["settings"] })
  await client.invalidateQueries({ queryKey: ["cameras"] })
}

/** Has all nodes read again what they remember. */
export const refreshSettings = async (client: QueryClient): Promise<void> => {
  await request("/api/v1/settings/refresh", { method: "POST" })
  await client.invalidateQueries({ queryKey: ["settings"] })
}
