import { useQuery } from "@tanstack/react-query"
import type { Camera } from "@vigil/core/Camera"
import type { ReactNode } from "react"
import { useClient } from "../client/ClientContext.js"
import { camerasQuery } from "../client/Queries.js"
import { NotFoundPage } from "../page/NotFoundPage.js"
import { errorWords } from "../words/ErrorWords.js"
import { Notice } from "./Notice.js"

/** Hands the camera of an address to the page that shows it. */
export const CameraRoute = ({ id, children }: { readonly id: string; readonly children: (camera: Camera) => ReactNode }) => {
  const cameras = useQuery(camerasQuery(useClient()))
  const camera = cameras.data?.find((candidate) => candidate.id === id)
  if (camera !== undefined) return children(camera)
  if (cameras.isError)
    return (
      <div className="p-5">
        <Notice tone="bad" title={errorWords(cameras.error)} />
      </div>
    )
  return cameras.isSuccess ? <NotFoundPage /> : null
}
