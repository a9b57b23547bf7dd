import { useQueryClient } from "@tanstack/react-query"
import { useNavigate, useRouter } from "@tanstack/react-router"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import type { User } from "@vigil/core/User"
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react"
import { followEvents } from "./Events.js"
import { type KeyedStore, makeKeyedStore, useAll, useKey } from "./KeyedStore.js"
import { camerasQuery } from "./Queries.js"
import { sessionQuery } from "./Session.js"
import { connect, type VigilClient } from "./VigilClient.js"

interface Connected {
  readonly client: VigilClient
  readonly user: User
  readonly statuses: KeyedStore<CameraId, CameraStatus>
}

const ConnectedContext = createContext<Connected | undefined>(undefined)

/**
 * Holds the connection of a signed-in user for as long as the pages inside are shown: follows the status of all cameras and the
 * events, and asks again for everything on the page after the connection was lost. Without a session it leads to the log-in page.
 */
export const ClientProvider = ({ user, children }: { readonly user: User; readonly children: ReactNode }) => {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const router = useRouter()
  const [connected, setConnected] = useState<Connected>()

  useEffect(() => {
    const leave = () => {
      queries.setQueryData(sessionQuery.queryKey, null)
      void navigate({ to: "/login", search: { to: router.state.location.href } })
    }
    const client = connect({
      onUnauthorized: leave,
      onClosed: () => {
        // A socket closes without saying why; HTTP tells a lost session from a lost server.
        queries.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(
          (session) => session ?? leave(),
          () => undefined
        )
      }
    })
    const statuses = makeKeyedStore<CameraId, CameraStatus>()
    const stops = [
      client.watch(
        (rpc) => rpc.WatchCameras(),
        (status) => {
          statuses.set(status.cameraId, status)
          const camera = queries.getQueryData(camerasQuery(client).queryKey)?.find(({ id }) => id === status.cameraId)
          if (camera === undefined || camera.revision < status.revision) void queries.invalidateQueries({ queryKey: ["cameras"] })
        }
      ),
      followEvents(client, queries)
    ]
    let lost = false
    stops.push(
      client.connection.subscribe(() => {
        const now = client.connection.get()._tag
        if (now === "Open" && lost) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" })
        lost = now === "Offline"
      })
    )
    setConnected({ client, user, statuses })
    return () => {
      for (const stop of stops) stop()
      client.close()
    }
  }, [user, queries, navigate, router])

  if (connected === undefined) return null
  return <ConnectedContext value={connected}>{children}</ConnectedContext>
}

const useConnected = (): Connected => {
  const connected = useContext(ConnectedContext)
  if (connected === undefined) throw new Error("used outside of ClientProvider")
  return connected
}

export const useClient = (): VigilClient => useConnected().client
export const useUser = (): User => useConnected().user
export const useCameraStatus = (id: CameraId): CameraStatus | undefined => useKey(useConnected().statuses, id)
export const useCameraStatuses = (): ReadonlyMap<CameraId, CameraStatus> => useAll(useConnected().statuses)

/** The cameras whose pictures come, where somebody wants to know: another set only when one of them stops or begins. */
export const useStreaming = (wanted: boolean): ReadonlySet<string> => {
  const { statuses } = useConnected()
  const ids = useSyncExternalStore(statuses.subscribeAll, () =>
    wanted
      ? [...statuses.all().values()].flatMap(({ cameraId, state }) => (state._tag === "Streaming" ? cameraId : [])).join()
      : ""
  )
  return useMemo(() => new Set(ids.split(",")), [ids])
}
