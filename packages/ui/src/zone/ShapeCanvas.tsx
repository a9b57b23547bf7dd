import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { Point } from "@vigil/core/geometry/Point"
import { type Dispatch, type PointerEvent, type ReactNode, useRef } from "react"
import { Handle } from "./Handle.js"
import { arrow } from "./LineArrow.js"
import {
  inPicture,
  isFixed,
  type LineDraft,
  middle,
  type Selection,
  type ShapeAction,
  type Shapes,
  type ZoneDraft
} from "./ShapeEditing.js"

const svgPoints = (points: ReadonlyArray<Point>, { width, height }: Size): string =>
  points.map(({ x, y }) => `${x * width},${y * height}`).join(" ")

const isSelected = (selected: Selection | undefined, kind: Selection["kind"], index: number): boolean =>
  selected?.kind === kind && selected.index === index

const ZoneShape = ({
  zone,
  size,
  selected,
  onSelect
}: {
  readonly zone: ZoneDraft
  readonly size: Size
  readonly selected: boolean
  readonly onSelect: () => void
}) => (
  <polygon
    points={svgPoints(zone.polygon, size)}
    className={`cursor-pointer stroke-accent ${selected ? "fill-accent/25" : "fill-accent/10"}`}
    strokeWidth={selected ? 2.5 : 1.5}
    vectorEffect="non-scaling-stroke"
    onClick={onSelect}
  />
)

const LineShape = ({
  line,
  size,
  selected,
  onSelect
}: {
  readonly line: LineDraft
  readonly size: Size
  readonly selected: boolean
  readonly onSelect: () => void
}) => {
  const ends = svgPoints([line.from, line.to], size)
  return (
    <g className="cursor-pointer fill-none stroke-warn" onClick={onSelect}>
      <polyline points={ends} className="stroke-transparent" strokeWidth={20} vectorEffect="non-scaling-stroke" />
      <polyline points={ends} strokeWidth={selected ? 3 : 2} vectorEffect="non-scaling-stroke" />
      {arrow(line, size, Math.max(size.width, size.height) * 0.04).map((points) => (
        <polyline key={points} points={points} strokeWidth={2} vectorEffect="non-scaling-stroke" />
      ))}
    </g>
  )
}

const ZoneHandles = ({
  zone,
  index,
  act,
  toPoint
}: {
  readonly zone: ZoneDraft
  readonly index: number
  readonly act: Dispatch<ShapeAction>
  readonly toPoint: (event: PointerEvent) => Point
}) => (
  <>
    {zone.polygon.map((from, after) => {
      const to = zone.polygon[(after + 1) % zone.polygon.length] ?? from
      const at = middle(from, to)
      return (
        <button
          key={`edge ${after}`}
          type="button"
          aria-label={`Add a corner to ${zone.name} after corner ${after + 1}`}
          className="absolute grid size-7 -translate-1/2 place-items-center"
          style={{ left: `${at.x * 100}%`, top: `${at.y * 100}%` }}
          onClick={() => act({ _tag: "InsertCorner", index, after })}
        >
          <span className="grid size-3 place-items-center rounded-full border border-accent bg-ground/80 text-[10px] leading-none text-accent">
            +
          </span>
        </button>
      )
    })}
    {zone.polygon.map((at, corner) => (
      <Handle
        // Corners have no identity of their own; their place in the order is what a handle stands for.
        key={corner}
        at={at}
        tone="zone"
        label={`Corner ${corner + 1} of ${zone.name}`}
        toPoint={toPoint}
        onMove={(to) => act({ _tag: "MoveCorner", selection: { kind: "zone", index }, corner, to })}
        onRemove={() => act({ _tag: "RemoveCorner", index, corner })}
      />
    ))}
  </>
)

const LineHandles = ({
  line,
  index,
  act,
  toPoint
}: {
  readonly line: LineDraft
  readonly index: number
  readonly act: Dispatch<ShapeAction>
  readonly toPoint: (event: PointerEvent) => Point
}) =>
  [line.from, line.to].map((at, corner) => (
    <Handle
      key={corner}
      at={at}
      tone="line"
      label={`${corner === 0 ? "Start" : "End"} of ${line.name}`}
      toPoint={toPoint}
      onMove={(to) => act({ _tag: "MoveCorner", selection: { kind: "line", index }, corner, to })}
    />
  ))

/** The picture with the shapes on it, to be drawn and moved by mouse, touch and keyboard. */
export const ShapeCanvas = ({
  shapes,
  act,
  size,
  children
}: {
  readonly shapes: Shapes
  readonly act: Dispatch<ShapeAction>
  readonly size: Size
  readonly children: ReactNode
}) => {
  const frame = useRef<HTMLDivElement>(null)
  const { zones, lines, selected, drawing } = shapes
  const toPoint = ({ clientX, clientY }: PointerEvent): Point => {
    const box = frame.current?.getBoundingClientRect()
    return box === undefined
      ? { x: 0, y: 0 }
      : inPicture({ x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height })
  }
  const select = (kind: Selection["kind"], index: number) => () => act({ _tag: "Select", selection: { kind, index } })
  const zone = selected?.kind === "zone" ? zones[selected.index] : undefined
  const line = selected?.kind === "line" ? lines[selected.index] : undefined
  return (
    <div
      ref={frame}
      data-testid={shapes.of === "zone" ? "shape-canvas" : "mask-canvas"}
      className={`relative w-full overflow-hidden rounded-lg bg-black select-none ${drawing === undefined ? "" : "cursor-crosshair touch-none"}`}
      style={{ aspectRatio: `${size.width} / ${size.height}` }}
      onPointerDown={(event) => {
        if (drawing !== undefined && event.button === 0) act({ _tag: "Place", at: toPoint(event) })
      }}
    >
      {children}
      <svg
        viewBox={`0 0 ${size.width} ${size.height}`}
        className={`absolute inset-0 size-full drop-shadow-[0_0_1px_#000] ${drawing === undefined ? "" : "pointer-events-none"}`}
        aria-hidden="true"
      >
        {zones.map((each, index) => (
          <ZoneShape
            key={index}
            zone={each}
            size={size}
            selected={isSelected(selected, "zone", index)}
            onSelect={select("zone", index)}
          />
        ))}
        {lines.map((each, index) => (
          <LineShape
            key={index}
            line={each}
            size={size}
            selected={isSelected(selected, "line", index)}
            onSelect={select("line", index)}
          />
        ))}
        {drawing !== undefined && (
          <polyline
            points={svgPoints(drawing, size)}
            className="fill-accent/15 stroke-accent"
            strokeWidth={2}
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      {drawing?.map((at, index) => (
        <span
          key={index}
          className="pointer-events-none absolute size-3 -translate-1/2 rounded-full border-2 border-ground bg-accent"
          style={{ left: `${at.x * 100}%`, top: `${at.y * 100}%` }}
        />
      ))}
      {zone !== undefined && selected !== undefined && !isFixed(shapes, zone) && (
        <ZoneHandles zone={zone} index={selected.index} act={act} toPoint={toPoint} />
      )}
      {line !== undefined && selected !== undefined && (
        <LineHandles line={line} index={selected.index} act={act} toPoint={toPoint} />
      )}
    </div>
  )
}
