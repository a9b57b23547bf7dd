import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { defaultTenant } from "@vigil/core/Ids"
import type { EffectiveSetting, SettingsView } from "@vigil/core/settings/SettingLevels"
import { permits, type User } from "@vigil/core/User"
import { Array as List } from "effect"
import { useClient, useUser } from "../client/ClientContext.js"
import type { Versioned } from "../client/History.js"
import { placesQuery } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { refreshSettings, settingDefinitionsQuery, type SettingPlace, settingsQuery } from "../client/Settings.js"
import { Button } from "../component/Button.js"
import { SelectField, TextField } from "../component/Field.js"
import { HistoryPanel } from "../component/HistoryPanel.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { Section } from "../form/Section.js"
import { SettingRow } from "../form/SettingRow.js"
import { errorWords } from "../words/ErrorWords.js"
import { settingGroup } from "../words/SettingWords.js"
import { foundSettings, type SettingSearch, settingSearch } from "./SettingSearch.js"

const route = getRouteApi("/shell/settings")

const mayChange = ({ role, tenantId }: User, { level }: SettingsView): boolean => {
  if (level === "system") return permits(role, "admin") && tenantId === defaultTenant
  return permits(role, level === "tenant" ? "admin" : "supervisor")
}

const nil = "00000000-0000-0000-0000-000000000000"

/** Whose history tells of the settings there: a camera's own go with the camera. */
const versioned = (place: SettingPlace, { tenantId }: User): Versioned => {
  const [kind, id] = place.split("/")
  if (kind === "cameras") return { type: "camera", id: id ?? nil }
  return { type: "settings", id: kind === "tenant" ? tenantId : (id ?? nil) }
}

const useSites = () => (useQuery(placesQuery).data ?? []).filter(({ kind }) => kind === "site")

const useNarrow = () => {
  const navigate = useNavigate()
  const search = route.useSearch()
  return (change: SettingSearch, replace = true) =>
    void navigate({ to: "/settings", search: settingSearch({ ...search, ...change }), replace })
}

const PlaceChoice = ({ place }: { readonly place: SettingPlace }) => {
  const narrow = useNarrow()
  const sites = useSites()
  const cameras = useQuery(camerasQuery(useClient())).data ?? []
  return (
    <SelectField label="What holds for" value={place} onChange={(event) => narrow({ at: event.target.value }, false)}>
      <option value="tenant">All cameras</option>
      <option value="system">The whole system</option>
      <optgroup label="Sites">
        {sites.map(({ id, name }) => (
          <option key={id} value={`sites/${id}`}>
            {name}
          </option>
        ))}
      </optgroup>
      <optgroup label="Cameras">
        {cameras.map(({ id, name }) => (
          <option key={id} value={`cameras/${id}`}>
            {name}
          </option>
        ))}
      </optgroup>
    </SelectField>
  )
}

const byGroup = (settings: ReadonlyArray<EffectiveSetting>) =>
  Object.entries(List.groupBy(settings, ({ key }) => settingGroup(key)))

const Filters = ({ found, settings }: { readonly found: number; readonly settings: ReadonlyArray<EffectiveSetting> }) => {
  const narrow = useNarrow()
  const { find = "", group = "" } = route.useSearch()
  return (
    <search className="grid items-end gap-3 sm:grid-cols-[minmax(0,1fr)_16rem]">
      <TextField
        label="Search settings"
        type="search"
        maxLength={100}
        placeholder="Name, value or what it is for"
        value={find}
        onChange={(event) => narrow({ find: event.target.value })}
      />
      <SelectField label="Group" value={group} onChange={(event) => narrow({ group: event.target.value })}>
        <option value="">{`All (${settings.length})`}</option>
        {byGroup(settings).map(([each, { length }]) => (
          <option key={each} value={each}>{`${each} (${length})`}</option>
        ))}
      </SelectField>
      <p role="status" className="flex items-center text-[13px] text-muted sm:col-span-2">
        {(find !== "" || group !== "") && (
          <>
            <span className="mr-2">{`${found} of ${settings.length}`}</span>
            <Button small tone="quiet" icon="close" onClick={() => narrow({ find: "", group: "" })}>
              Show all
            </Button>
          </>
        )}
      </p>
    </search>
  )
}

const Groups = ({ place, view }: { readonly place: SettingPlace; readonly view: SettingsView }) => {
  const user = useUser()
  const sites = useSites()
  const definitions = new Map((useQuery(settingDefinitionsQuery).data ?? []).map((known) => [known.key, known]))
  const found = foundSettings(view.settings, definitions, route.useSearch())
  return (
    <>
      <Filters found={found.length} settings={view.settings} />
      {found.length === 0 && <p className="p-4 text-muted">No setting fits what you search for.</p>}
      {byGroup(found).map(([group, settings]) => (
        <Section key={group} title={group}>
          <ul className="-my-3 divide-y divide-line">
            {settings.map((setting) => (
              <SettingRow
                key={setting.key}
                place={place}
                setting={setting}
                definition={definitions.get(setting.key)}
                siteName={sites.find(({ id }) => id === setting.origin.id)?.name}
                mayChange={mayChange(user, view)}
              />
            ))}
          </ul>
        </Section>
      ))}
    </>
  )
}

export const SettingsPage = () => {
  const { at: place = "tenant" } = route.useSearch()
  const user = useUser()
  const queries = useQueryClient()
  const view = useQuery(settingsQuery(place))
  const refresh = useMutation({ mutationFn: () => refreshSettings(queries) })
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Settings" note="What cameras run with: the nearest of camera, site, all cameras and system holds">
        {permits(user.role, "supervisor") && (
          <Button small icon="restart" busy={refresh.isPending} onClick={() => refresh.mutate()}>
            Read again
          </Button>
        )}
      </PageHead>
      <PlaceChoice place={place} />
      {refresh.isError && <Notice tone="bad" title={errorWords(refresh.error)} />}
      {view.data !== undefined && permits(user.role, "supervisor") && (
        <HistoryPanel key={`history of ${place}`} {...versioned(place, user)} mayRestore={mayChange(user, view.data)} />
      )}
      <Loaded query={view}>{(shown) => <Groups key={place} place={place} view={shown} />}</Loaded>
    </div>
  )
}
