import { queryOptions } from "@tanstack/react-query"
import type { CameraId } from "@vigil/core/Ids"
import type { VigilClient } from "./VigilClient.js"

export const camerasQuery = (client: VigilClient) =>
  queryOptions({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => client.call((rpc) => rpc.ListCameras(), { signal })
  })

export const modelsQuery = (client: VigilClient) =>
  queryOptions({
    queryKey: ["models"],
    queryFn: ({ signal }) => client.call((rpc) => rpc.ListModels(), { signal })
  })

export const analyticsQuery = (client: VigilClient) =>
  queryOptions({
    queryKey: ["analytics"],
    queryFn: ({ signal }) => client.call((rpc) => rpc.ListAnalytics(), { signal }),
    staleTime: Number.POSITIVE_INFINITY
  })

export const healthQuery = (client: VigilClient) =>
  queryOptions({
    queryKey: ["health"],
    queryFn: ({ signal }) => client.call((rpc) => rpc.Health(), { signal }),
    refetchInterval: 15_000
  })

/** The newest key frame as a JPEG. */
export const snapshotQuery = (client: VigilClient, id: CameraId) =>
  queryOptions({
    queryKey: ["snapshot", id],
    queryFn: async ({ signal }) => {
      const jpeg = await client.call((rpc) => rpc.CameraSnapshot({ id }), { signal })
      return new Blob([new Uint8Array(jpeg)], { type: "image/jpeg" })
    },
    staleTime: 30_000,
    gcTime: 120_000,
    retry: false
  })
