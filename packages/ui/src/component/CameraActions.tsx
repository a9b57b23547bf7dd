import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { permits } from "@vigil/core/User"
import { useClient, useUser } from "../client/ClientContext.js"
import { snapshotQuery } from "../client/Queries.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button, buttonClass } from "./Button.js"
import { Icon } from "./Icon.js"
import { Notice } from "./Notice.js"

const fileName = (camera: Camera, at: Date): string =>
  `${camera.name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-${at.toISOString().replaceAll(/[:.]/g, "-")}.jpg`

const save = (blob: Blob, name: string): void => {
  const url = URL.createObjectURL(blob)
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // The download has its own hold on the data once it began; browsers give no sign of that.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** What can be done with a camera, with the outcome of what was done last. */
export const useCameraActions = (camera: Camera) => {
  const client = useClient()
  const queries = useQueryClient()
  const { role } = useUser()
  const snapshot = useMutation({
    mutationFn: () => queries.fetchQuery({ ...snapshotQuery(client, camera.id), staleTime: 0 }),
    onSuccess: (jpeg) => save(jpeg, fileName(camera, new Date()))
  })
  const restart = useMutation({ mutationFn: () => client.call((rpc) => rpc.RestartCamera({ id: camera.id })) })
  const failure = snapshot.error ?? restart.error
  return {
    buttons: (
      <>
        <Button small icon="download" busy={snapshot.isPending} onClick={() => snapshot.mutate()}>
          Snapshot
        </Button>
        {permits(role, "operator") && (
          <Button small icon="restart" busy={restart.isPending} onClick={() => restart.mutate()}>
            Restart
          </Button>
        )}
        {permits(role, "supervisor") && (
          <Link to="/cameras/$id/edit" params={{ id: camera.id }} className={buttonClass("plain", true)}>
            <Icon name="pencil" size={15} /> Edit
          </Link>
        )}
      </>
    ),
    notice: failure === null ? null : <Notice tone="bad" title={errorWords(failure)} />
  }
}
