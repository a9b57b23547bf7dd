import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Notice } from "./Notice.js"

/** Removes a camera after asking once more. */
export const RemoveCamera = ({ camera }: { readonly camera: Camera }) => {
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const remove = useMutation({
    mutationFn: () => client.call((rpc) => rpc.DeleteCamera({ id: camera.id })),
    onSuccess: async () => {
      await navigate({ to: "/" })
      await queries.invalidateQueries({ queryKey: ["cameras"] })
    }
  })
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        {asked ? (
          <>
            <span className="mr-1">Remove {camera.name} for good?</span>
            <Button small tone="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
              Remove it
            </Button>
            <Button small tone="quiet" onClick={() => setAsked(false)}>
              Keep it
            </Button>
          </>
        ) : (
          <Button small tone="danger" icon="trash" onClick={() => setAsked(true)}>
            Remove camera
          </Button>
        )}
      </div>
      {remove.isError && <Notice tone="bad" title={errorWords(remove.error)} />}
    </div>
  )
}
