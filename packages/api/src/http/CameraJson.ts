import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Camera, encodeCamera } from "@vigil/core/Camera"
import { CameraPage } from "@vigil/core/CameraQuery"
import { Schema } from "effect"

const encodeRest = Schema.encodeSync(CameraPage.pipe(Schema.omit("cameras")))

const known = new WeakMap<Camera, string>()

/** A camera as JSON; of one that was asked for before, the same text. */
const cameraJson = (camera: Camera): string => {
  const before = known.get(camera)
  if (before !== undefined) return before
  const text = JSON.stringify(encodeCamera(camera))
  known.set(camera, text)
  return text
}

/** The answer that `VigilApi` says one camera is: it was encoded when it was stored. */
export const cameraResponse =
  (status: 200 | 201) =>
  (camera: Camera): HttpServerResponse.HttpServerResponse =>
    HttpServerResponse.text(cameraJson(camera), { status, contentType: "application/json" })

/** The answer that `VigilApi` says a page of cameras is, without making its text anew of cameras that are what they were. */
export const cameraPageResponse = ({ cameras, ...rest }: CameraPage): HttpServerResponse.HttpServerResponse => {
  const end = JSON.stringify(encodeRest(rest)).slice(1)
  const text = `{"cameras":[${cameras.map(cameraJson).join(",")}]${end === "}" ? "" : ","}${end}`
  return HttpServerResponse.text(text, { contentType: "application/json" })
}
