import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { Camera } from "@vigil/core/Camera"
import type { Grants, UserGrants } from "@vigil/core/Grants"
import { type Place, placePaths } from "@vigil/core/Place"
import type { User } from "@vigil/core/User"
import { type FormEvent, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { grantsQuery, setGrants } from "../client/People.js"
import { placesQuery } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { Button } from "../component/Button.js"
import { CheckField } from "../component/Field.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

/** The list with or without an element. */
const toggled = <A,>(list: ReadonlyArray<A>, element: A): ReadonlyArray<A> =>
  list.includes(element) ? list.filter((other) => other !== element) : [...list, element]

interface Choice {
  readonly key: string
  readonly label: string
  readonly chosen: boolean
  readonly toggle: () => void
}

const Choices = ({
  title,
  none,
  choices
}: {
  readonly title: string
  readonly none: string
  readonly choices: ReadonlyArray<Choice>
}) => (
  <fieldset className="min-w-0">
    <legend className="mb-2 text-[13px] font-medium text-soft">{title}</legend>
    {choices.length === 0 && <p className="text-[13px] text-muted">{none}</p>}
    <div className="flex max-h-72 flex-col gap-2 overflow-y-auto">
      {choices.map(({ chosen, key, label, toggle }) => (
        <CheckField key={key} label={label} checked={chosen} onChange={toggle} />
      ))}
    </div>
  </fieldset>
)

const ChosenGrants = ({
  user,
  kept,
  places,
  cameras
}: {
  readonly user: User
  readonly kept: UserGrants
  readonly places: ReadonlyArray<Place>
  readonly cameras: ReadonlyArray<Camera>
}) => {
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<Grants>({ places: kept.places, groups: kept.groups })
  const save = useMutation({ mutationFn: () => setGrants(queries, user.id, chosen, kept) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const change = (fresh: Partial<Grants>) => {
    save.reset()
    setChosen({ ...chosen, ...fresh })
  }
  const placeChoices = [...placePaths(places)]
    .sort(([, a], [, b]) => a.localeCompare(b))
    .map(([id, path]) => ({
      key: id,
      label: path,
      chosen: chosen.places.includes(id),
      toggle: () => change({ places: toggled(chosen.places, id) })
    }))
  const groupChoices = [...new Set([...cameras.flatMap(({ groups }) => groups), ...kept.groups])]
    .sort((a, b) => a.localeCompare(b))
    .map((group) => ({
      key: group,
      label: group,
      chosen: chosen.groups.includes(group),
      toggle: () => change({ groups: toggled(chosen.groups, group) })
    }))
  const isLimited = chosen.places.length + chosen.groups.length > 0
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Choices title="Places, with all below them" none="There are no places yet." choices={placeChoices} />
        <Choices title="Groups of cameras" none="No camera is in a group yet." choices={groupChoices} />
      </div>
      <p className="text-[13px] text-muted">
        {isLimited
          ? `${user.username} sees the cameras of what is chosen, and nothing of others.`
          : `Nothing is chosen: ${user.username} sees all cameras.`}
      </p>
      {save.isError && <Notice tone="bad" title={errorWords(save.error)} />}
      {save.isSuccess && <Notice tone="good" title="Saved; what is open follows at once." />}
      <div>
        <Button type="submit" tone="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  )
}

/** The places and groups that a user's cameras are limited to. */
export const GrantsForm = ({ user }: { readonly user: User }) => {
  const grants = useQuery(grantsQuery(user.id))
  const places = useQuery(placesQuery)
  const cameras = useQuery(camerasQuery(useClient()))
  return (
    <Loaded query={places}>
      {(allPlaces) => (
        <Loaded query={cameras}>
          {(allCameras) => (
            <Loaded query={grants}>
              {(kept) => <ChosenGrants user={user} kept={kept} places={allPlaces} cameras={allCameras} />}
            </Loaded>
          )}
        </Loaded>
      )}
    </Loaded>
  )
}
