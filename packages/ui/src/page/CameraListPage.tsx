import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import type { CameraId } from "@vigil/core/Ids"
import { placePaths } from "@vigil/core/Place"
import { permits } from "@vigil/core/User"
import { Array as List } from "effect"
import { type ReactNode, useLayoutEffect, useRef, useState } from "react"
import { useCameraStatus, useClient, useUser } from "../client/ClientContext.js"
import { placesQuery } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { StateBadge } from "../component/Badge.js"
import { buttonClass } from "../component/Button.js"
import { CameraFilters } from "../component/CameraFilters.js"
import { Icon } from "../component/Icon.js"
import { Loaded } from "../component/Loaded.js"
import { PageHead } from "../component/PageHead.js"
import { BulkForm } from "../form/BulkForm.js"
import { useOnScreen } from "../live/Visibility.js"
import { stateOf } from "../words/CameraWords.js"
import { useFoundCameras } from "./FoundCameras.js"

const route = getRouteApi("/shell/cameras/list")

const Row = ({
  camera,
  number,
  paths,
  chosen,
  toggle
}: {
  readonly camera: Camera
  /** Its place in the list, from 0. */
  readonly number: number
  readonly paths: ReadonlyMap<string, string>
  readonly chosen: boolean
  /** Of whoever may change cameras. */
  readonly toggle: ((id: CameraId) => void) | undefined
}) => {
  const { id, name, placeId, tags } = camera
  const status = useCameraStatus(id)
  return (
    <tr data-testid="camera-row" aria-rowindex={number + 2} className="border-t border-line/60 hover:bg-hover">
      {toggle !== undefined && (
        <td className="w-12 p-0">
          <label className="grid size-11 place-items-center">
            <input
              type="checkbox"
              className="size-5 accent-accent"
              aria-label={`Choose ${name}`}
              checked={chosen}
              onChange={() => toggle(id)}
            />
          </label>
        </td>
      )}
      <td className="px-3 py-2">
        <Link to="/cameras/$id" params={{ id }} className="font-medium break-words hover:underline">
          {name}
        </Link>
        <p className="text-[13px] break-words text-muted">
          {[placeId === null ? undefined : paths.get(placeId), ...tags].filter((text) => text !== undefined).join(" · ")}
        </p>
      </td>
      <td className="px-3 py-2 text-right">
        <StateBadge state={stateOf(camera, status)} />
      </td>
    </tr>
  )
}

/** How many rows come and go together. */
const atOnce = 50

/** Pixels of a row, until it was seen. */
const usualHeight = 57

/** A part of a long table: rows while they are on the screen or nearly so, and as much room while they are not. */
const Rows = ({ count, children }: { readonly count: number; readonly children: () => ReactNode }) => {
  const body = useRef<HTMLTableSectionElement>(null)
  const [height, setHeight] = useState(count * usualHeight)
  const isNear = useOnScreen(body, "1000px")
  useLayoutEffect(() => {
    if (isNear && body.current !== null) setHeight(body.current.offsetHeight)
  }, [isNear])
  return (
    <tbody ref={body}>
      {isNear ? (
        children()
      ) : (
        <tr aria-hidden="true">
          <td style={{ height }} />
        </tr>
      )}
    </tbody>
  )
}

const Cameras = ({ cameras }: { readonly cameras: ReadonlyArray<Camera> }) => {
  const search = route.useSearch()
  const mayChange = permits(useUser().role, "supervisor")
  const paths = placePaths(useQuery(placesQuery).data ?? [])
  const found = useFoundCameras(cameras, search)
  const [marked, setMarked] = useState<ReadonlySet<CameraId>>(new Set())
  // What is not shown is not changed.
  const chosen = found.filter(({ id }) => marked.has(id))
  const toggle = (id: CameraId) => {
    const next = new Set(marked)
    if (!next.delete(id)) next.add(id)
    setMarked(next)
  }
  const all = found.length > 0 && chosen.length === found.length
  return (
    <>
      <CameraFilters to="/cameras/list" cameras={cameras} found={found.length} search={search} />
      {mayChange && (
        <BulkForm
          chosen={chosen}
          tags={[...new Set(cameras.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b))}
          onDone={() => setMarked(new Set())}
        />
      )}
      <div className="panel mt-4 overflow-hidden">
        <table className="w-full table-fixed text-left" aria-label="Cameras" aria-rowcount={found.length + 1}>
          <thead className="text-[13px] text-muted">
            <tr>
              {mayChange && (
                <th scope="col" className="w-12 p-0">
                  <label className="grid size-11 place-items-center">
                    <input
                      type="checkbox"
                      className="size-5 accent-accent"
                      aria-label="Choose all that are shown"
                      checked={all}
                      onChange={() => setMarked(new Set(all ? [] : found.map(({ id }) => id)))}
                    />
                  </label>
                </th>
              )}
              <th scope="col" className="px-3 py-2 font-medium">
                Camera
              </th>
              <th scope="col" className="w-36 px-3 py-2 text-right font-medium">
                State
              </th>
            </tr>
          </thead>
          {List.chunksOf(found, atOnce).map((some, index) => (
            <Rows key={index} count={some.length}>
              {() =>
                some.map((camera, at) => (
                  <Row
                    key={camera.id}
                    camera={camera}
                    number={index * atOnce + at}
                    paths={paths}
                    chosen={marked.has(camera.id)}
                    toggle={mayChange ? toggle : undefined}
                  />
                ))
              }
            </Rows>
          ))}
        </table>
        {found.length === 0 && <p className="border-t border-line p-4 text-muted">No camera fits what you search for.</p>}
      </div>
    </>
  )
}

/** All cameras in a list without pictures, for changes of many at once. */
export const CameraListPage = () => {
  const cameras = useQuery(camerasQuery(useClient()))
  const search = route.useSearch()
  return (
    <div className="mx-auto max-w-5xl p-3 sm:p-5">
      <PageHead title="List of cameras">
        <Link to="/" search={search} className={buttonClass("plain", true)}>
          <Icon name="grid" size={15} /> Pictures
        </Link>
      </PageHead>
      <Loaded query={cameras}>{(all) => <Cameras cameras={all} />}</Loaded>
    </div>
  )
}
