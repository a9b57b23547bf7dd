import { Publisher } from "@vigil/core/contract/api/PublisherAuthentication"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { CameraId } from "@vigil/core/Ids"
import { CameraNotFound, CameraStore } from "@vigil/core/port/CameraStore"
import { PublicationRefused, Publications } from "@vigil/core/port/Publications"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { isPublished, publishedUrl } from "@vigil/core/SourceUrl"
import { Effect, Option } from "effect"
import { hashToken, newToken } from "../auth/Token.js"

const checkPublished = (cameraId: CameraId, url: string) =>
  isPublished(url)
    ? Effect.void
    : new PublicationRefused({
        cameraId,
        reason: "camera",
        detail: `it fetches its stream itself; give it the address ${publishedUrl} to publish to it`
      })

export const publishTokenState = (id: CameraId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* CameraStore).get(tenantId, id)
    return { madeAt: Option.getOrNull(yield* (yield* PublishTokenStore).madeAt(tenantId, id)) }
  })

/** A new token; whoever publishes with the one before is sent away. */
export const makePublishToken = (id: CameraId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const { url } = yield* (yield* CameraStore).get(tenantId, id)
    yield* checkPublished(id, url)
    const token = newToken()
    yield* (yield* PublishTokenStore).set(tenantId, id, hashToken(token))
    yield* (yield* Publications).closeAll(id)
    return { token }
  }).pipe(inCallersName)

export const revokePublishToken = (id: CameraId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* PublishTokenStore).remove(tenantId, id)
    yield* (yield* Publications).closeAll(id)
  }).pipe(inCallersName)

/** A token is of one camera: whether there are others is none of its business. */
const ownCamera = (id: CameraId) =>
  Effect.flatMap(Publisher, (right) => (right.cameraId === id ? Effect.succeed(right) : new CameraNotFound({ cameraId: id })))

export const publish = (id: CameraId, offer: string) =>
  Effect.gen(function* () {
    const { tenantId } = yield* ownCamera(id)
    const { url } = yield* (yield* CameraStore).get(tenantId, id)
    yield* checkPublished(id, url)
    return yield* (yield* Publications).open(id, offer)
  })

export const endPublication = (id: CameraId, publicationId: string) =>
  Effect.gen(function* () {
    yield* ownCamera(id)
    yield* (yield* Publications).close(id, publicationId)
  })
