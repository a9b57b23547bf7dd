import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { Line, Zone } from "@vigil/core/geometry/Zone"
import { arrow } from "../zone/LineArrow.js"

/** Zones and lines over a picture of this size, placed as `object-fit: contain` places the picture. */
export const Shapes = ({
  zones,
  lines,
  size
}: {
  readonly zones: ReadonlyArray<Zone>
  readonly lines: ReadonlyArray<Line>
  readonly size: Size
}) => {
  if (zones.length === 0 && lines.length === 0) return null
  const { width, height } = size
  const unit = Math.max(width, height) / 100
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className="pointer-events-none absolute inset-0 size-full drop-shadow-[0_0_1px_#000]"
      aria-hidden="true"
    >
      {zones.map((zone) => (
        <polygon
          key={zone.name}
          points={zone.polygon.map(({ x, y }) => `${x * width},${y * height}`).join(" ")}
          className="fill-accent/10 stroke-accent/80"
          strokeWidth={1.5}
          vectorEffect="non-scaling-stroke"
        />
      ))}
      {lines.map((line) => (
        <g key={line.name} className="fill-none stroke-warn" strokeWidth={2}>
          <line
            x1={line.from.x * width}
            y1={line.from.y * height}
            x2={line.to.x * width}
            y2={line.to.y * height}
            vectorEffect="non-scaling-stroke"
          />
          {arrow(line, size, unit * 3).map((points) => (
            <polyline key={points} points={points} vectorEffect="non-scaling-stroke" />
          ))}
        </g>
      ))}
    </svg>
  )
}
