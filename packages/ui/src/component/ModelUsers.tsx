import { useQueries, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ModelId } from "@vigil/core/Ids"
import type { ReactNode } from "react"
import { useClient } from "../client/ClientContext.js"
import { placesQuery } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { type SettingPlace, settingsQuery } from "../client/Settings.js"
import { countOf } from "../words/Units.js"

/** How many cameras are named; the others are counted. */
const mostNamed = 6

/** Of how many sites the settings are looked at. */
const mostSites = 50

const setting = "detection.model"

/** Where settings say that cameras without a model of their own run this one. */
const useInheritedFrom = (model: ModelId) => {
  const sites = (useQuery(placesQuery).data ?? []).filter(({ kind }) => kind === "site").slice(0, mostSites)
  const places: ReadonlyArray<readonly [place: SettingPlace, name: string]> = [
    ["system", "the whole system"],
    ["tenant", "all cameras"],
    ...sites.map(({ id, name }) => [`sites/${id}`, name] as const)
  ]
  const views = useQueries({ queries: places.map(([place]) => settingsQuery(place)) })
  return places.filter((_, index) =>
    views[index]?.data?.settings.some(
      ({ inherited, key, value }) => key === setting && value === model && inherited !== undefined
    )
  )
}

const Names = ({ children }: { readonly children: ReadonlyArray<ReactNode> }) =>
  children.map((name, index) => (
    <span key={index}>
      {index > 0 && ", "}
      {name}
    </span>
  ))

const link = "text-soft hover:text-ink hover:underline"

/** The cameras that name a model, and the settings by which others have it. */
export const ModelUsers = ({ model }: { readonly model: ModelId }) => {
  const cameras = (useQuery(camerasQuery(useClient())).data ?? []).filter(({ detection }) => detection.model === model)
  const inherited = useInheritedFrom(model)
  return (
    <p className="text-[13px] text-muted" data-testid={`cameras of ${model}`}>
      {cameras.length === 0 ? "No camera names it" : `${countOf(cameras.length, "camera")}: `}
      <Names>
        {cameras.slice(0, mostNamed).map(({ id, name }) => (
          <Link key={id} to="/cameras/$id" params={{ id }} className={link}>
            {name}
          </Link>
        ))}
      </Names>
      {cameras.length > mostNamed && ` and ${cameras.length - mostNamed} more`}
      {inherited.length > 0 && "; by the settings of "}
      <Names>
        {inherited.map(([at, name]) => (
          <Link key={at} to="/settings" search={{ at, find: setting }} className={link}>
            {name}
          </Link>
        ))}
      </Names>
    </p>
  )
}
