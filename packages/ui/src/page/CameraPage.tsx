import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { placePaths } from "@vigil/core/Place"
import { permits } from "@vigil/core/User"
import { useRef, useState } from "react"
import { useCameraStatus, useUser } from "../client/ClientContext.js"
import { note } from "../client/Journal.js"
import { placesQuery } from "../client/Places.js"
import { StateBadge } from "../component/Badge.js"
import { useCameraActions } from "../component/CameraActions.js"
import { CameraAlert } from "../component/CameraAlerts.js"
import { CameraFigures } from "../component/CameraFigures.js"
import { CameraWarnings } from "../component/CameraWarnings.js"
import { CameraRoute } from "../component/CameraRoute.js"
import { useNow } from "../component/Clock.js"
import { EventFeed } from "../component/EventFeed.js"
import { HistoryPanel } from "../component/HistoryPanel.js"
import { Icon } from "../component/Icon.js"
import { Notice } from "../component/Notice.js"
import { BackLink, PageHead } from "../component/PageHead.js"
import { LiveView } from "../live/LiveView.js"
import { stateOf, stateWords } from "../words/CameraWords.js"

const route = getRouteApi("/shell/cameras/$id")

const overPicture = "grid size-9 place-items-center rounded-md bg-ground/80 text-ink hover:bg-raised"

const Picture = ({ camera }: { readonly camera: Camera }) => {
  const [shapes, setShapes] = useState(true)
  const frame = useRef<HTMLDivElement>(null)
  const enlarge = () => {
    const done = document.fullscreenElement === null ? frame.current?.requestFullscreen() : document.exitFullscreen()
    done?.catch((error: unknown) => note("full screen", error))
  }
  return (
    <div ref={frame} className="panel relative aspect-video overflow-hidden">
      <LiveView camera={camera} shapes={shapes}>
        <div className="absolute right-2 bottom-2 flex gap-1.5">
          {camera.zones.length + camera.lines.length > 0 && (
            <button
              type="button"
              aria-pressed={shapes}
              aria-label="Show zones and lines"
              title="Show zones and lines"
              className={`${overPicture} ${shapes ? "text-accent" : "text-muted"}`}
              onClick={() => setShapes(!shapes)}
            >
              <Icon name="polygon" />
            </button>
          )}
          <button type="button" aria-label="Full screen" title="Full screen" className={overPicture} onClick={enlarge}>
            <Icon name="expand" />
          </button>
        </div>
      </LiveView>
    </div>
  )
}

const State = ({ camera }: { readonly camera: Camera }) => {
  const status = useCameraStatus(camera.id)
  const words = stateWords(stateOf(camera, status), useNow())
  if (words.tone === "good")
    return (
      <p className="text-soft" data-testid="camera-state">
        {words.sentence}
      </p>
    )
  return (
    <div data-testid="camera-state">
      <Notice tone={words.tone === "idle" ? "calm" : words.tone} title={words.sentence}>
        {words.advice}
      </Notice>
    </div>
  )
}

/** Where the camera hangs, and its tags. */
const Placing = ({ camera: { location, placeId, tags } }: { readonly camera: Camera }) => {
  const places = useQuery(placesQuery).data ?? []
  const path = placeId === null ? undefined : placePaths(places).get(placeId)
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      {placeId !== null && path !== undefined && (
        <Link to="/" search={{ place: placeId }} className="hover:text-ink hover:underline">
          {path}
        </Link>
      )}
      {location !== null && <span>{location}</span>}
      {tags.map((tag) => (
        <Link key={tag} to="/" search={{ tag }} className="rounded bg-raised px-1.5 hover:text-ink">
          {tag}
        </Link>
      ))}
    </span>
  )
}

const CameraView = ({ camera }: { readonly camera: Camera }) => {
  const { role } = useUser()
  const status = useCameraStatus(camera.id)
  const { buttons, notice } = useCameraActions(camera)
  return (
    <div className="p-3 sm:p-5">
      <PageHead
        back={<BackLink to="/" label="All cameras" />}
        title={camera.name}
        mark={<StateBadge state={stateOf(camera, status)} />}
        note={<Placing camera={camera} />}
      >
        {buttons}
      </PageHead>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="flex flex-col gap-3">
          {notice}
          <Picture camera={camera} />
          <State camera={camera} />
          <CameraAlert status={status} />
          {camera.description !== null && <p className="break-words whitespace-pre-line text-soft">{camera.description}</p>}
          <CameraWarnings status={status} />
          <section className="panel overflow-hidden" aria-label="Events of this camera">
            <h2 className="border-b border-line px-4 py-2.5 font-semibold">Events</h2>
            <EventFeed cameraId={camera.id} limit={50} />
          </section>
          {permits(role, "supervisor") && <HistoryPanel type="camera" id={camera.id} mayRestore />}
        </div>
        <aside className="panel" aria-label="Statistics">
          {status === undefined ? <p className="p-4 text-muted">No figures yet.</p> : <CameraFigures status={status} />}
        </aside>
      </div>
    </div>
  )
}

export const CameraPage = () => {
  const { id } = route.useParams()
  return <CameraRoute id={id}>{(camera) => <CameraView key={camera.id} camera={camera} />}</CameraRoute>
}
