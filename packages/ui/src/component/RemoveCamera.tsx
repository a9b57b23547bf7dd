import { useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { permits } from "@vigil/core/User"
import { useClient, useUser } from "../client/ClientContext.js"
import { Confirm } from "./Confirm.js"

/** Removes a camera after asking once more. With its masks would go what keeps others from seeing what they hide. */
export const RemoveCamera = ({ camera }: { readonly camera: Camera }) => {
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const mayUncover = permits(useUser().role, "admin")
  const remove = async () => {
    await client.call((rpc) => rpc.DeleteCamera({ id: camera.id }))
    await navigate({ to: "/" })
    await queries.invalidateQueries({ queryKey: ["cameras"] })
  }
  if (camera.masks.length > 0 && !mayUncover)
    return <p className="text-[13px] text-muted">A camera with privacy masks is removed by administrators.</p>
  return (
    <Confirm
      icon="trash"
      label="Remove camera"
      question={`Remove ${camera.name}? It can be brought back from what was removed, without its password.`}
      yes="Remove it"
      no="Keep it"
      work={remove}
    />
  )
}
