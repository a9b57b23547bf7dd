import { useQuery } from "@tanstack/react-query"
import type { Camera } from "@vigil/core/Camera"
import type { ReactNode } from "react"
import { useClient } from "../client/ClientContext.js"
import { camerasQuery } from "../client/Queries.js"
import { NotFoundPage } from "../page/NotFoundPage.js"
import { Loaded } from "./Loaded.js"

/** Hands the camera of an address to the page that shows it. */
export const CameraRoute = ({ id, children }: { readonly id: string; readonly children: (camera: Camera) => ReactNode }) => {
  const cameras = useQuery(camerasQuery(useClient()))
  return (
    <Loaded query={cameras}>
      {(list) => {
        const camera = list.find((candidate) => candidate.id === id)
        return camera === undefined ? <NotFoundPage /> : children(camera)
      }}
    </Loaded>
  )
}
