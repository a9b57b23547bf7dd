import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { sha256Of } from "@vigil/core/FileDigest"
import type { ModelId } from "@vigil/core/Ids"
import { type ModelHints, ModelVersion, partSize, partsOf, type VersionName } from "@vigil/core/ModelVersion"
import { Schema } from "effect"
import { asking, request, sendJson } from "./Session.js"

const askForVersions = asking(Schema.Array(ModelVersion))
const askForVersion = asking(ModelVersion)
const decodeVersion = Schema.decodeUnknownPromise(ModelVersion)

/** The versions of the tenant's own models, by model, the newest first. */
export const modelVersionsQuery = queryOptions({
  queryKey: ["models", "versions"],
  queryFn: ({ signal }) => askForVersions("/api/v1/models/versions", { signal })
})

const changed = (queries: QueryClient) => queries.invalidateQueries({ queryKey: ["models"] })

type Named = Pick<ModelVersion, "model" | "version">

const pathOf = ({ model, version }: Named): string => `/api/v1/models/${model}/versions/${version}`

export interface ModelUpload {
  readonly file: Blob
  readonly model: ModelId
  readonly version: VersionName
  readonly hints: ModelHints
}

/** How far an upload is, in bytes of the file. `checking`: the server looks at the file and tries it. */
export interface UploadProgress {
  readonly step: "reading" | "sending" | "checking"
  readonly done: number
}

async function* piecesOf(file: Blob, onRead: (bytes: number) => void) {
  for (let at = 0; at < file.size; at += partSize) {
    const piece = new Uint8Array(await file.slice(at, at + partSize).arrayBuffer())
    yield piece
    onRead(at + piece.length)
  }
}

const sendParts = async (upload: ModelUpload, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> => {
  const { file } = upload
  const headers = { "content-type": "application/octet-stream" }
  for (let part = 0; part < partsOf(file.size); part++) {
    const body = file.slice(part * partSize, (part + 1) * partSize)
    await request(`${pathOf(upload)}/parts/${part}`, { method: "PUT", headers, body, signal })
    onSent(part * partSize + body.size)
  }
}

/** Sends a file and has it looked at. What was cut off before goes on: the same file under the same name is the same version. */
export const uploadModel = async (
  queries: QueryClient,
  upload: ModelUpload,
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal
): Promise<ModelVersion> => {
  const { file, hints, model, version } = upload
  const sha256 = await sha256Of(
    piecesOf(file, (done) => {
      signal.throwIfAborted()
      onProgress({ step: "reading", done })
    })
  )
  const announced = await sendJson("/api/v1/models/versions", "POST", { model, version, bytes: file.size, sha256, hints })
  try {
    const { received, state } = await decodeVersion(await announced.json())
    if (state === "ready") return await askForVersion(pathOf(upload), { signal })
    if (received < file.size) await sendParts(upload, (done) => onProgress({ step: "sending", done }), signal)
    onProgress({ step: "checking", done: file.size })
    return await askForVersion(`${pathOf(upload)}/check`, { method: "POST", signal })
  } finally {
    await changed(queries)
  }
}

/** Looks once more at a file that was refused, or that nobody has looked at. */
export const checkModel = async (queries: QueryClient, version: Named): Promise<void> => {
  await request(`${pathOf(version)}/check`, { method: "POST" })
  await changed(queries)
}

export const activateModel = async (queries: QueryClient, version: Named): Promise<void> => {
  await request(`${pathOf(version)}/activate`, { method: "POST" })
  await changed(queries)
}

export const deactivateModel = async (queries: QueryClient, { model }: Named): Promise<void> => {
  await request(`/api/v1/models/${model}/deactivate`, { method: "POST" })
  await changed(queries)
}

export const deleteModel = async (queries: QueryClient, version: Named): Promise<void> => {
  await request(pathOf(version), { method: "DELETE" })
  await changed(queries)
}
