import { useQuery } from "@tanstack/react-query"
import type { CameraId } from "@vigil/core/Ids"
import { useEffect, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { snapshotQuery } from "../client/Queries.js"

/** An address of the blob for as long as the component is shown. */
export const useBlobUrl = (blob: Blob | undefined): string | undefined => {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (blob === undefined) return
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => {
      URL.revokeObjectURL(made)
      setUrl(undefined)
    }
  }, [blob])
  return url
}

/** The camera's newest picture; nothing where it has none. */
export const Poster = ({ id }: { readonly id: CameraId }) => {
  const snapshot = useQuery(snapshotQuery(useClient(), id))
  const url = useBlobUrl(snapshot.data)
  return url === undefined ? null : <img src={url} alt="" className="absolute inset-0 size-full object-contain opacity-60" />
}
