import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import type { NewCamera } from "@vigil/core/Camera"
import { type FormEvent, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { Button, buttonClass } from "../component/Button.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { BackLink, PageHead } from "../component/PageHead.js"
import { AnalyticsFields, DetectionFields } from "../form/AnalysisFields.js"
import { type CameraDraft, type Complaints, newDraft, toNewCamera } from "../form/CameraDraft.js"
import { ConnectionFields } from "../form/ConnectionFields.js"
import { PlacingFields } from "../form/PlacingFields.js"
import { ProbePanel } from "../form/ProbePanel.js"
import { Section } from "../form/Section.js"
import { errorWords } from "../words/ErrorWords.js"

/** Complaints about the name do not matter to a probe. */
const probed = (draft: CameraDraft) => toNewCamera({ ...draft, name: draft.name.trim() === "" ? "Probe" : draft.name })

const NewCameraForm = () => {
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useState(newDraft)
  const [complaints, setComplaints] = useState<Complaints>({})
  const add = useMutation({
    mutationFn: (camera: NewCamera) => client.call((rpc) => rpc.CreateCamera({ camera })),
    onSuccess: async (camera) => {
      await queries.invalidateQueries({ queryKey: ["cameras"] })
      await navigate({ to: "/cameras/$id", params: { id: camera.id } })
    }
  })
  const fields = { draft, complaints, change: (change: Partial<CameraDraft>) => setDraft({ ...draft, ...change }) }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const camera = toNewCamera(draft)
    setComplaints(camera._tag === "Left" ? camera.left : {})
    if (camera._tag === "Right") add.mutate(camera.right)
  }
  return (
    <form onSubmit={submit} noValidate className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
      <PageHead back={<BackLink to="/" label="All cameras" />} title="Add a camera" />
      <Section title="Connection">
        <ConnectionFields {...fields} stored={false} />
        <div className="mt-5 border-t border-line pt-4">
          <ProbePanel source={() => probed(draft)} onComplaints={setComplaints} />
        </div>
      </Section>
      <Section title="Where it hangs">
        <PlacingFields {...fields} />
      </Section>
      <Section title="Detection" note="Recognises people, vehicles and other objects, where a model is installed.">
        <DetectionFields {...fields} />
      </Section>
      <Section
        title="Analytics"
        note="What becomes an event. Zones, lines and privacy masks are drawn on the picture once the camera was added."
      >
        <AnalyticsFields {...fields} />
      </Section>
      {add.isError && <Notice tone="bad" title={errorWords(add.error)} />}
      {Object.keys(complaints).length > 0 && <Notice tone="bad" title="Some fields need your attention" />}
      <div className="flex justify-end gap-2">
        <Link to="/" className={buttonClass("quiet")}>
          Cancel
        </Link>
        <Button type="submit" tone="primary" icon="check" busy={add.isPending}>
          Add camera
        </Button>
      </div>
    </form>
  )
}

export const NewCameraPage = () => (
  <OnlyFor role="supervisor" title="Add a camera">
    <NewCameraForm />
  </OnlyFor>
)
