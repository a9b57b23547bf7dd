import { useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { useClient } from "../client/ClientContext.js"
import { Confirm } from "./Confirm.js"

/** Removes a camera after asking once more. */
export const RemoveCamera = ({ camera }: { readonly camera: Camera }) => {
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = async () => {
    await client.call((rpc) => rpc.DeleteCamera({ id: camera.id }))
    await navigate({ to: "/" })
    await queries.invalidateQueries({ queryKey: ["cameras"] })
  }
  return (
    <Confirm
      icon="trash"
      label="Remove camera"
      question={`Remove ${camera.name} for good?`}
      yes="Remove it"
      no="Keep it"
      work={remove}
    />
  )
}
