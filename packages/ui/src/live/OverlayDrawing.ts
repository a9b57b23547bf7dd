import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { Track } from "@vigil/core/Track"
import { classColour } from "./ClassColour.js"
import { contain, type Letterbox, placed } from "./Letterbox.js"
import type { FrameOverlay } from "./OverlayBuffer.js"

const labelHeight = 18
const font = '600 11px system-ui, "Segoe UI", Roboto, sans-serif'

const trackLabel = (track: Track): string => `${track.label} #${track.id} ${Math.round(track.confidence * 100)}%`

/** Makes the canvas as large as its element in device pixels; answers the element's size in CSS pixels. */
const fit = (canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): Size => {
  const ratio = window.devicePixelRatio || 1
  const size = { width: canvas.clientWidth, height: canvas.clientHeight }
  const width = Math.round(size.width * ratio)
  const height = Math.round(size.height * ratio)
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return size
}

const drawLabel = (
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  picture: Letterbox,
  colour: string
): void => {
  const width = context.measureText(text).width + 10
  const left = Math.max(picture.x, Math.min(x - 1, picture.x + picture.width - width))
  const top = y - picture.y >= labelHeight ? y - labelHeight : y
  context.fillStyle = colour
  context.beginPath()
  context.roundRect(left, top, width, labelHeight, 3)
  context.fill()
  context.fillStyle = "#0b0d11"
  context.fillText(text, left + 5, top + labelHeight / 2 + 0.5)
}

/** Draws a frame's tracks (or nothing) and answers how many boxes there are. */
export const drawOverlay = (canvas: HTMLCanvasElement, frame: FrameOverlay | undefined): number => {
  const context = canvas.getContext("2d")
  if (context === null) return 0
  const element = fit(canvas, context)
  context.clearRect(0, 0, element.width, element.height)
  if (frame === undefined || frame.tracks.length === 0) return 0
  const picture = contain(element, frame.size)
  const scale = picture.width / frame.size.width
  const compact = element.width < 260
  context.font = font
  context.textBaseline = "middle"
  context.lineWidth = compact ? 1.5 : 2
  for (const track of frame.tracks) {
    const colour = classColour(track.label)
    const { x, y, width, height } = placed(track.box, picture, scale)
    context.globalAlpha = track.state === "lost" ? 0.55 : 1
    context.setLineDash(track.state === "lost" ? [6, 5] : [])
    context.strokeStyle = colour
    context.beginPath()
    context.roundRect(x, y, width, height, 3)
    context.stroke()
    drawLabel(context, compact ? `${track.label} #${track.id}` : trackLabel(track), x, y, picture, colour)
  }
  context.globalAlpha = 1
  return frame.tracks.length
}
