import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { permits } from "@vigil/core/User"
import { useClient, useUser } from "../client/ClientContext.js"
import { camerasQuery } from "../client/Queries.js"
import { Button, buttonClass } from "../component/Button.js"
import { CameraAlerts } from "../component/CameraAlerts.js"
import { CameraFilters } from "../component/CameraFilters.js"
import { CameraTile } from "../component/CameraTile.js"
import { Command } from "../component/Command.js"
import { Empty } from "../component/Empty.js"
import { EventFeed } from "../component/EventFeed.js"
import { useMore } from "../component/Further.js"
import { Icon } from "../component/Icon.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { SystemSummary } from "../component/SystemSummary.js"
import { errorWords } from "../words/ErrorWords.js"
import { useFoundCameras } from "./FoundCameras.js"

const route = getRouteApi("/shell/")

const AddCamera = () =>
  permits(useUser().role, "supervisor") && (
    <>
      <Link to="/cameras/find" className={buttonClass("plain", true)}>
        Find cameras
      </Link>
      <Link to="/cameras/new" className={buttonClass("primary", true)}>
        <Icon name="plus" size={16} /> Add camera
      </Link>
    </>
  )

/** The page without pictures, narrowed as this one. */
const ListLink = () => (
  <Link to="/cameras/list" search={route.useSearch()} className={buttonClass("plain", true)}>
    List
  </Link>
)

const NoCameras = () => (
  <Empty icon="camera" title="No cameras yet">
    <p>Add the first one by its RTSP address. Vigil looks at the stream before anything is saved.</p>
    <AddCamera />
    <p className="text-[13px] text-muted">Or on the command line:</p>
    <Command>vigil camera add --name Gate rtsp://user:password@192.168.1.20/stream1</Command>
  </Empty>
)

/** How many pictures are shown at first, and more each time. */
const step = 48

/** Few cameras get large tiles. */
const columns = (cameras: number): string =>
  cameras <= 4
    ? "grid-cols-[repeat(auto-fill,minmax(min(100%,380px),1fr))]"
    : "grid-cols-[repeat(auto-fill,minmax(min(100%,290px),1fr))]"

export const DashboardPage = () => {
  const cameras = useQuery(camerasQuery(useClient()))
  const search = route.useSearch()
  const list = cameras.data ?? []
  const found = useFoundCameras(list, search)
  const { more = 0 } = search
  const setMore = useMore()
  const most = step * (1 + more)
  const shown = found.slice(0, most)
  return (
    <div className="grid items-start gap-5 p-3 sm:p-5 xl:grid-cols-[minmax(0,1fr)_340px]">
      <section aria-label="Cameras">
        <PageHead title="Cameras" note={list.length > 0 ? <SystemSummary cameras={list} /> : undefined}>
          {list.length > 0 && <ListLink />}
          {list.length > 0 && <AddCamera />}
        </PageHead>
        {cameras.isError && <Notice tone="bad" title={errorWords(cameras.error)} />}
        {cameras.isSuccess && list.length === 0 && <NoCameras />}
        <CameraAlerts cameras={list} />
        {list.length > 1 && <CameraFilters to="/" cameras={list} found={found.length} search={search} />}
        {list.length > 0 && shown.length === 0 && (
          <Empty icon="camera" title="No such cameras">
            <p>No camera fits what you search for.</p>
          </Empty>
        )}
        <div className={`grid gap-3 sm:gap-4 ${columns(shown.length)}`} data-testid="camera-grid">
          {cameras.isPending && [1, 2, 3, 4].map((tile) => <div key={tile} className="panel aspect-[16/10.3] opacity-50" />)}
          {shown.map((camera) => (
            <CameraTile key={camera.id} camera={camera} />
          ))}
        </div>
        {found.length > most && (
          <div className="mt-4 flex justify-center">
            <Button onClick={() => setMore(more + 1)}>{`Show more of ${found.length}`}</Button>
          </div>
        )}
      </section>
      <aside
        aria-label="Activity"
        className="panel overflow-hidden xl:sticky xl:top-19 xl:flex xl:max-h-[calc(100vh-6rem)] xl:flex-col"
      >
        <div className="flex items-center border-b border-line px-4 py-2.5">
          <h2 className="font-semibold">Activity</h2>
          <Link to="/events" className="ml-auto text-[13px] text-soft hover:text-ink hover:underline">
            All events
          </Link>
        </div>
        <div className="overflow-y-auto">
          <EventFeed />
        </div>
      </aside>
    </div>
  )
}
