import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { CameraId } from "@vigil/core/Ids"
import { useClient } from "../client/ClientContext.js"
import { camerasQuery } from "../client/Queries.js"

/** Leads to a camera by its name; one that is not there any more has none. */
export const CameraLink = ({ id, className = "" }: { readonly id: CameraId; readonly className?: string }) => {
  const cameras = useQuery(camerasQuery(useClient())).data
  const name = cameras?.find((camera) => camera.id === id)?.name
  if (name === undefined) return <span>{cameras === undefined ? "…" : "Removed camera"}</span>
  return (
    <Link to="/cameras/$id" params={{ id }} className={`${className} hover:text-ink hover:underline`}>
      {name}
    </Link>
  )
}
