import { useMutation, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import type { Camera, CameraPatch } from "@vigil/core/Camera"
import { permits } from "@vigil/core/User"
import { type FormEvent, useReducer, useState } from "react"
import { useCameraStatus, useClient, useUser } from "../client/ClientContext.js"
import { Button, buttonClass } from "../component/Button.js"
import { CameraRoute } from "../component/CameraRoute.js"
import { CheckField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { BackLink, PageHead } from "../component/PageHead.js"
import { RemoveCamera } from "../component/RemoveCamera.js"
import { AnalyticsFields, DetectionFields, SegmentFields } from "../form/AnalysisFields.js"
import { type CameraDraft, type Complaints, draftOf, storedWith, toNewCamera, toPatch } from "../form/CameraDraft.js"
import { ConnectionFields } from "../form/ConnectionFields.js"
import { PlacingFields } from "../form/PlacingFields.js"
import { ProbePanel } from "../form/ProbePanel.js"
import { Section } from "../form/Section.js"
import { pictureSize } from "../live/LiveView.js"
import { errorWords } from "../words/ErrorWords.js"
import { edit, editing, editingMasks } from "../zone/ShapeEditing.js"
import { ShapeEditor } from "../zone/ShapeEditor.js"

const route = getRouteApi("/shell/cameras/$id/edit")

const EditForm = ({ camera }: { readonly camera: Camera }) => {
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const status = useCameraStatus(camera.id)
  // What is edited is the camera as it was when the page was opened; saving says so, and a change by somebody else is not lost.
  const [opened] = useState(camera)
  const [draft, setDraft] = useState(() => draftOf(camera))
  const [shapes, act] = useReducer(edit, camera, ({ zones, lines }) => editing(zones, lines))
  const mayUncover = permits(useUser().role, "admin")
  const [masks, actOnMasks] = useReducer(edit, camera.masks, (drawn) => editingMasks(drawn, mayUncover))
  const [complaints, setComplaints] = useState<Complaints>({})
  const save = useMutation({
    mutationFn: (patch: CameraPatch) =>
      client.call((rpc) => rpc.ConfigureCamera({ id: camera.id, patch, expectedRevision: opened.revision })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["cameras"] })
      await navigate({ to: "/cameras/$id", params: { id: camera.id } })
    }
  })
  const fields = { draft, complaints, change: (change: Partial<CameraDraft>) => setDraft({ ...draft, ...change }) }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const patch = toPatch(draft, shapes.zones, shapes.lines, masks.zones)
    setComplaints(patch._tag === "Left" ? patch.left : {})
    if (patch._tag === "Right") save.mutate(patch.right)
  }
  const stored = storedWith(opened, draft)
  const drawn = complaints["zones"] ?? complaints["lines"]
  return (
    <form onSubmit={submit} noValidate className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
      <PageHead
        back={<BackLink to="/cameras/$id" params={{ id: camera.id }} label={`Back to ${camera.name}`} />}
        title={`Edit ${opened.name}`}
        note="What is left as it is here may come from the camera's site or from all cameras."
      >
        <Link to="/settings" search={{ at: `cameras/${camera.id}` }} className={buttonClass("plain", true)}>
          What it inherits
        </Link>
      </PageHead>
      <Section title="Zones and lines" note="Where something has to happen for it to matter.">
        <ShapeEditor id={camera.id} size={pictureSize(status)} shapes={shapes} act={act} />
        {drawn !== undefined && (
          <p role="alert" className="mt-2 text-[13px] text-bad">
            {drawn}
          </p>
        )}
      </Section>
      <Section
        title="Privacy masks"
        note={`What nobody is to see: black in every picture, for people and for models, as soon as it is saved.${
          mayUncover ? "" : " Masks that are there stay: only administrators take them away or change their shape."
        }`}
      >
        <ShapeEditor id={camera.id} size={pictureSize(status)} shapes={masks} act={actOnMasks} />
        {complaints["masks"] !== undefined && (
          <p role="alert" className="mt-2 text-[13px] text-bad">
            {complaints["masks"]}
          </p>
        )}
      </Section>
      <Section title="Connection">
        <div className="mb-5">
          <CheckField
            label="Enabled"
            hint="Vigil connects to the camera and watches it."
            checked={draft.enabled}
            onChange={(event) => setDraft({ ...draft, enabled: event.target.checked })}
          />
        </div>
        <ConnectionFields {...fields} stored={opened.hasCredentials} />
        <div className="mt-5 border-t border-line pt-4">
          <ProbePanel source={() => toNewCamera(draft)} stored={stored} onComplaints={setComplaints} />
          {stored !== undefined && (
            <p className="mt-2 text-[13px] text-muted">
              A probe uses the stored user name and password as long as host and port stay the same.
            </p>
          )}
        </div>
      </Section>
      <Section title="Where it hangs">
        <PlacingFields {...fields} />
      </Section>
      <Section title="Detection">
        <DetectionFields {...fields} status={status} />
      </Section>
      <Section title="Analytics" note="What becomes an event.">
        <AnalyticsFields {...fields} />
      </Section>
      <Section title="Segments" note="How the stream is cut for models that look at whole scenes.">
        <SegmentFields {...fields} />
      </Section>
      {save.isError && <Notice tone="bad" title={errorWords(save.error)} />}
      {Object.keys(complaints).length > 0 && <Notice tone="bad" title="Some fields need your attention" />}
      <div className="flex flex-wrap items-center gap-2">
        <RemoveCamera camera={camera} />
        <div className="ml-auto flex gap-2">
          <Link to="/cameras/$id" params={{ id: camera.id }} className={buttonClass("quiet")}>
            Cancel
          </Link>
          <Button type="submit" tone="primary" icon="check" busy={save.isPending}>
            Save
          </Button>
        </div>
      </div>
    </form>
  )
}

export const EditCameraPage = () => {
  const { id } = route.useParams()
  return (
    <OnlyFor role="supervisor" title="Edit a camera">
      <CameraRoute id={id}>{(camera) => <EditForm key={camera.id} camera={camera} />}</CameraRoute>
    </OnlyFor>
  )
}
