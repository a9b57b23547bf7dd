import type { Point } from "@vigil/core/geometry/Point"
import type { KeyboardEvent, PointerEvent } from "react"

const step = 0.01
const fineStep = 0.002

const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 }
}

const percent = (value: number): string => `${Math.round(value * 100)} %`

/** A corner that can be dragged, or moved with the arrow keys (with Shift in small steps); Delete removes it. */
export const Handle = ({
  at,
  label,
  tone,
  onMove,
  onRemove,
  toPoint
}: {
  readonly at: Point
  readonly label: string
  readonly tone: "zone" | "line"
  readonly onMove: (to: Point) => void
  readonly onRemove?: () => void
  readonly toPoint: (event: PointerEvent) => Point
}) => {
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = arrows[event.key]
    if (direction !== undefined) {
      event.preventDefault()
      const distance = event.shiftKey ? fineStep : step
      onMove({ x: at.x + direction.x * distance, y: at.y + direction.y * distance })
    } else if ((event.key === "Delete" || event.key === "Backspace") && onRemove !== undefined) {
      event.preventDefault()
      onRemove()
    }
  }
  return (
    <button
      type="button"
      data-testid="handle"
      aria-label={`${label}: ${percent(at.x)} from the left, ${percent(at.y)} from the top. Arrow keys move it.`}
      className="absolute grid size-8 -translate-1/2 cursor-grab touch-none place-items-center active:cursor-grabbing"
      style={{ left: `${at.x * 100}%`, top: `${at.y * 100}%` }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onMove(toPoint(event))
      }}
    >
      <span className={`size-3.5 rounded-full border-2 border-ground ${tone === "zone" ? "bg-accent" : "bg-warn"}`} />
    </button>
  )
}
