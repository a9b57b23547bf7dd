import { useQuery } from "@tanstack/react-query"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { CameraId } from "@vigil/core/Ids"
import { type Dispatch, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { snapshotQuery } from "../client/Queries.js"
import { Button } from "../component/Button.js"
import { useBlobUrl } from "../live/Snapshot.js"
import { ShapeCanvas } from "./ShapeCanvas.js"
import { fewestCorners, isFixed, type Selection, type ShapeAction, type Shapes } from "./ShapeEditing.js"

const Row = ({
  shapes,
  act,
  selection,
  name
}: {
  readonly shapes: Shapes
  readonly act: Dispatch<ShapeAction>
  readonly selection: Selection
  readonly name: string
}) => {
  const selected = shapes.selected?.kind === selection.kind && shapes.selected.index === selection.index
  const zone = selection.kind === "zone" ? shapes.zones[selection.index] : undefined
  const stays = zone !== undefined && isFixed(shapes, zone)
  const direction = selection.kind === "line" ? shapes.lines[selection.index]?.direction : undefined
  return (
    <li className={`flex flex-wrap items-center gap-2 rounded-md p-1.5 ${selected ? "bg-raised" : ""}`}>
      <span className={`size-3 shrink-0 rounded-sm ${selection.kind === "zone" ? "bg-accent" : "bg-warn"}`} aria-hidden="true" />
      <input
        className="field min-h-9 w-auto min-w-28 flex-1 py-1"
        aria-label={`Name of the ${selection.kind === "zone" ? shapes.of : "line"}`}
        maxLength={100}
        required
        value={name}
        onFocus={() => act({ _tag: "Select", selection })}
        onChange={(event) => act({ _tag: "Rename", selection, name: event.target.value })}
      />
      {direction !== undefined && (
        <select
          className="field min-h-9 w-auto py-1"
          aria-label={`Direction of ${name}`}
          value={direction}
          onChange={(event) => {
            const chosen = event.target.value
            act({
              _tag: "Direct",
              index: selection.index,
              direction: chosen === "forward" || chosen === "backward" ? chosen : "both"
            })
          }}
        >
          <option value="both">Both ways</option>
          <option value="forward">Along the arrow</option>
          <option value="backward">Against it</option>
        </select>
      )}
      {!selected && !stays && (
        <Button small tone="quiet" icon="pencil" onClick={() => act({ _tag: "Select", selection })}>
          Change
        </Button>
      )}
      {stays ? (
        <span className="px-2 text-[13px] text-muted">stays</span>
      ) : (
        <Button
          small
          tone="quiet"
          icon="trash"
          aria-label={`Remove ${name}`}
          onClick={() => act({ _tag: "Remove", selection })}
        />
      )}
    </li>
  )
}

const Tools = ({ shapes, act }: { readonly shapes: Shapes; readonly act: Dispatch<ShapeAction> }) => {
  if (shapes.drawing === undefined) {
    return (
      <>
        <Button small icon="polygon" onClick={() => act({ _tag: "StartZone" })}>
          {`Draw ${shapes.of}`}
        </Button>
        <Button small icon="plus" onClick={() => act({ _tag: "AddRectangle" })}>
          Rectangle
        </Button>
        {shapes.of === "zone" && (
          <Button small icon="line" onClick={() => act({ _tag: "AddLine" })}>
            Line
          </Button>
        )}
      </>
    )
  }
  return (
    <>
      <Button
        small
        tone="primary"
        icon="check"
        disabled={shapes.drawing.length < fewestCorners}
        onClick={() => act({ _tag: "Finish" })}
      >
        {`Finish ${shapes.of}`}
      </Button>
      <Button small icon="undo" disabled={shapes.drawing.length === 0} onClick={() => act({ _tag: "UndoPlace" })}>
        Undo corner
      </Button>
      <Button small tone="quiet" onClick={() => act({ _tag: "Cancel" })}>
        Cancel
      </Button>
    </>
  )
}

/** Zones and lines, or privacy masks, drawn over the camera's newest picture. */
export const ShapeEditor = ({
  id,
  size,
  shapes,
  act
}: {
  readonly id: CameraId
  /** Of the camera's picture, as far as it is known. */
  readonly size: Size | undefined
  readonly shapes: Shapes
  readonly act: Dispatch<ShapeAction>
}) => {
  const snapshot = useQuery(snapshotQuery(useClient(), id))
  const url = useBlobUrl(snapshot.data)
  const [loaded, setLoaded] = useState<Size>()
  return (
    <div
      className="flex flex-col gap-3"
      onKeyDown={(event) => {
        if (shapes.drawing === undefined) return
        if (event.key === "Escape") act({ _tag: "Cancel" })
      }}
    >
      <div className="flex flex-wrap items-center gap-2">
        <Tools shapes={shapes} act={act} />
        <Button
          small
          tone="quiet"
          icon="restart"
          className="ml-auto"
          busy={snapshot.isFetching}
          onClick={() => void snapshot.refetch()}
        >
          New picture
        </Button>
      </div>
      <ShapeCanvas shapes={shapes} act={act} size={loaded ?? size ?? { width: 16, height: 9 }}>
        {url !== undefined && (
          <img
            src={url}
            alt="The camera's newest picture"
            draggable={false}
            className="absolute inset-0 size-full"
            onLoad={({ currentTarget }) => setLoaded({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })}
          />
        )}
        {snapshot.isError && (
          <p className="absolute inset-x-0 top-3 text-center text-muted">No picture now; shapes can be drawn all the same.</p>
        )}
      </ShapeCanvas>
      <p className="text-[13px] text-muted">
        {shapes.drawing === undefined
          ? "Drag corners to move them, or use the arrow keys. + adds a corner, Delete removes one."
          : "Click or tap the corners one after the other; the first corner again finishes, Escape cancels."}
      </p>
      {shapes.zones.length + shapes.lines.length > 0 && (
        <ul className="flex flex-col gap-1">
          {shapes.zones.map(({ name }, index) => (
            <Row key={`zone ${index}`} shapes={shapes} act={act} selection={{ kind: "zone", index }} name={name} />
          ))}
          {shapes.lines.map(({ name }, index) => (
            <Row key={`line ${index}`} shapes={shapes} act={act} selection={{ kind: "line", index }} name={name} />
          ))}
        </ul>
      )}
    </div>
  )
}
