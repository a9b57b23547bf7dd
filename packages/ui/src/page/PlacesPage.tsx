import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { PlaceId } from "@vigil/core/Ids"
import { type Place, PlaceKind } from "@vigil/core/Place"
import { permits } from "@vigil/core/User"
import { type FormEvent, useState } from "react"
import { useClient, useUser } from "../client/ClientContext.js"
import { ownGrantsQuery } from "../client/People.js"
import { addPlace, changePlace, placesQuery, removePlace } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { Button, buttonClass } from "../component/Button.js"
import { Empty } from "../component/Empty.js"
import { TextField } from "../component/Field.js"
import { VersionList } from "../component/HistoryPanel.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { ImportPanel } from "../form/ImportPanel.js"
import { Section } from "../form/Section.js"
import { errorWords } from "../words/ErrorWords.js"
import { countOf } from "../words/Units.js"

/** The kind of place that is in one of this kind; undefined of a zone. */
const childKind = (kind: PlaceKind): PlaceKind | undefined => PlaceKind.literals[PlaceKind.literals.indexOf(kind) + 1]

/** A name to be typed, and what is done with it. */
const NameForm = ({
  label,
  name,
  save,
  close
}: {
  readonly label: string
  readonly name: string
  readonly save: (name: string) => Promise<void>
  readonly close: () => void
}) => {
  const [typed, setTyped] = useState(name)
  const saving = useMutation({ mutationFn: save, onSuccess: close })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    saving.mutate(typed.trim())
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2 py-2">
      <TextField
        label={label}
        value={typed}
        maxLength={100}
        autoFocus
        onChange={(event) => setTyped(event.target.value)}
        error={saving.isError ? errorWords(saving.error) : undefined}
      />
      <Button type="submit" small tone="primary" busy={saving.isPending} disabled={typed.trim() === ""}>
        Save
      </Button>
      <Button small tone="quiet" onClick={close}>
        Cancel
      </Button>
    </form>
  )
}

interface Tree {
  readonly places: ReadonlyArray<Place>
  /** Cameras right in a place. */
  readonly cameras: ReadonlyMap<PlaceId, number>
  readonly canChange: boolean
}

const Leaf = ({ place, tree }: { readonly place: Place; readonly tree: Tree }) => {
  const queries = useQueryClient()
  const [doing, setDoing] = useState<"add" | "rename" | "history">()
  const remove = useMutation({ mutationFn: () => removePlace(queries, place) })
  const child = childKind(place.kind)
  const count = tree.cameras.get(place.id) ?? 0
  const close = () => setDoing(undefined)
  return (
    <li data-testid="place">
      <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 font-medium break-words">{place.name}</span>
        <span className="text-[13px] text-muted">
          {place.kind}
          {count > 0 && (
            <>
              {" · "}
              <Link to="/" search={{ place: place.id }} className="hover:text-ink hover:underline">
                {countOf(count, "camera")}
              </Link>
            </>
          )}
        </span>
        {tree.canChange && (
          <span className="ml-auto flex flex-wrap gap-1">
            {child !== undefined && (
              <Button
                small
                tone="quiet"
                icon="plus"
                aria-label={`Add a ${child} in ${place.name}`}
                onClick={() => setDoing("add")}
              >
                {child}
              </Button>
            )}
            <Button small tone="quiet" icon="pencil" aria-label={`Rename ${place.name}`} onClick={() => setDoing("rename")} />
            <Button
              small
              tone="quiet"
              aria-label={`History of ${place.name}`}
              aria-expanded={doing === "history"}
              onClick={() => setDoing(doing === "history" ? undefined : "history")}
            >
              History
            </Button>
            <Button
              small
              tone="quiet"
              icon="trash"
              aria-label={`Remove ${place.name}`}
              busy={remove.isPending}
              onClick={() => remove.mutate()}
            />
          </span>
        )}
      </div>
      {remove.isError && <Notice tone="bad" title={errorWords(remove.error)} />}
      {doing === "history" && (
        <div className="panel my-2 overflow-hidden">
          <VersionList type="place" id={place.id} mayRestore />
        </div>
      )}
      {doing === "rename" && (
        <NameForm label="New name" name={place.name} save={(name) => changePlace(queries, place, { name })} close={close} />
      )}
      {doing === "add" && child !== undefined && (
        <NameForm
          label={`Name of the ${child}`}
          name=""
          save={(name) => addPlace(queries, { kind: child, name, parentId: place.id })}
          close={close}
        />
      )}
      <Branch parent={place.id} tree={tree} />
    </li>
  )
}

const Branch = ({ parent, tree }: { readonly parent: PlaceId | null; readonly tree: Tree }) => {
  const within = tree.places.filter(({ parentId }) => parentId === parent)
  if (within.length === 0) return null
  return (
    <ul className={parent === null ? "flex flex-col gap-2" : "ml-2 border-l border-line pl-4"}>
      {within.map((place) => (
        <Leaf key={place.id} place={place} tree={tree} />
      ))}
    </ul>
  )
}

const Sites = ({ canChange }: { readonly canChange: boolean }) => {
  const queries = useQueryClient()
  const client = useClient()
  const places = useQuery(placesQuery)
  const cameras = new Map<PlaceId, number>()
  for (const { placeId } of useQuery(camerasQuery(client)).data ?? []) {
    if (placeId !== null) cameras.set(placeId, (cameras.get(placeId) ?? 0) + 1)
  }
  // A new site is in nobody's limits.
  const seesAll = useQuery(ownGrantsQuery).data?.limited === false
  const [isAdding, setAdding] = useState(false)
  return (
    <div className="flex flex-col gap-3">
      <Loaded query={places}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="pin" title="No places yet">
              <p>
                Sites, their buildings, floors and zones: cameras are found by where they hang, and people may be limited to
                places.
              </p>
            </Empty>
          ) : (
            <Branch parent={null} tree={{ places: all, cameras, canChange }} />
          )
        }
      </Loaded>
      {isAdding && (
        <NameForm
          label="Name of the site"
          name=""
          save={(name) => addPlace(queries, { kind: "site", name, parentId: null })}
          close={() => setAdding(false)}
        />
      )}
      {canChange && seesAll && !isAdding && (
        <div>
          <Button small icon="plus" onClick={() => setAdding(true)}>
            Add a site
          </Button>
        </div>
      )}
    </div>
  )
}

export const PlacesPage = () => {
  const canChange = permits(useUser().role, "supervisor")
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
      <PageHead title="Places" note="Where cameras hang" />
      <Section title="Sites">
        <Sites canChange={canChange} />
      </Section>
      {canChange && (
        <Section
          title="Many cameras at once"
          note="From a file: name, url, and where they are needed username, password, place, tags. Nothing is added before you have seen what is wrong."
        >
          <ImportPanel />
          <div className="mt-5 flex flex-wrap gap-2 border-t border-line pt-4">
            {["xlsx", "csv"].map((form) => (
              <a key={form} href={`/api/v1/cameras/export.${form}`} download className={buttonClass("quiet", true)}>
                Download all as {form.toUpperCase()}
              </a>
            ))}
          </div>
        </Section>
      )}
    </div>
  )
}
