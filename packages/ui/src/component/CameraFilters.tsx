import type { Camera } from "@vigil/core/Camera"
import { useNavigate } from "@tanstack/react-router"
import { PlaceField } from "../form/PlaceField.js"
import { type CameraSearch, cameraSearch } from "../page/CameraSearch.js"
import { isNarrowed } from "../page/MoreSearch.js"
import { Button } from "./Button.js"
import { SelectField, TextField } from "./Field.js"

/** Narrows the cameras' page by text, place and tag; what is chosen stands in the page's address. */
export const CameraFilters = ({
  to,
  cameras,
  found,
  search
}: {
  /** The page that is narrowed. */
  readonly to: "/" | "/cameras/list"
  readonly cameras: ReadonlyArray<Camera>
  readonly found: number
  readonly search: CameraSearch
}) => {
  const navigate = useNavigate()
  const tags = [...new Set(cameras.flatMap((camera) => camera.tags))].sort((a, b) => a.localeCompare(b))
  const narrow = (change: { readonly [Key in keyof CameraSearch]?: string | undefined }) =>
    void navigate({ to, search: cameraSearch({ ...search, more: undefined, ...change }), replace: true })
  return (
    <search className="mb-2 grid grid-cols-3 items-end gap-x-3 gap-y-2 sm:grid-cols-[minmax(0,1fr)_9rem_9rem_9rem]">
      <div className="col-span-3 sm:col-span-1">
        <TextField
          label="Search cameras"
          type="search"
          placeholder="Name, address, tag or group"
          maxLength={200}
          value={search.text ?? ""}
          onChange={(event) => narrow({ text: event.target.value })}
        />
      </div>
      <PlaceField none="All" value={search.place ?? null} onChange={(place) => narrow({ place: place ?? undefined })} />
      <SelectField label="Tag" value={search.tag ?? ""} onChange={(event) => narrow({ tag: event.target.value })}>
        <option value="">All</option>
        {tags.map((tag) => (
          <option key={tag} value={tag}>
            {tag}
          </option>
        ))}
      </SelectField>
      <SelectField label="State" value={search.state ?? ""} onChange={(event) => narrow({ state: event.target.value })}>
        <option value="">All</option>
        <option value="live">Live</option>
        <option value="missing">Without pictures</option>
        <option value="off">Switched off</option>
      </SelectField>
      <p role="status" className="col-span-3 flex items-center text-[13px] text-muted sm:col-span-4">
        {isNarrowed({ ...search }) && (
          <>
            <span className="mr-2">
              {found} of {cameras.length}
            </span>
            <Button small tone="quiet" icon="close" onClick={() => void navigate({ to, search: {}, replace: true })}>
              Show all
            </Button>
          </>
        )}
      </p>
    </search>
  )
}
