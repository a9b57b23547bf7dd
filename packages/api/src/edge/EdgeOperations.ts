import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { EdgeOverview, MadeEdge, NewEdge } from "@vigil/core/Edge"
import type { EdgeId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { Effect } from "effect"
import { hashToken, newToken } from "../auth/Token.js"
import { EdgeLinks } from "./EdgeLinks.js"

export const edges = Effect.gen(function* () {
  const { tenantId } = yield* authorize("supervisor")
  const links = yield* EdgeLinks
  const cameras = yield* (yield* CameraStore).list(tenantId)
  return (yield* (yield* EdgeStore).list(tenantId)).map((edge): EdgeOverview => {
    const heard = links.heard(edge.id)
    return {
      ...edge,
      cameras: cameras.filter((camera) => camera.edge === edge.id).length,
      connected: heard !== undefined,
      ...(heard === undefined ? {} : { backlog: heard.backlog }),
      ...(heard?.load === undefined ? {} : { load: heard.load })
    }
  })
})

export const makeEdge = (wanted: NewEdge) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const token = newToken()
    const made: MadeEdge = { ...(yield* (yield* EdgeStore).create(tenantId, wanted, hashToken(token))), token }
    return made
  }).pipe(inCallersName)

/** The token before is worth nothing from then on. */
export const renewEdgeToken = (id: EdgeId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    const token = newToken()
    const made: MadeEdge = { ...(yield* (yield* EdgeStore).renew(tenantId, id, hashToken(token))), token }
    return made
  }).pipe(inCallersName)

export const revokeEdge = (id: EdgeId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("admin")
    yield* (yield* EdgeStore).remove(tenantId, id)
  }).pipe(inCallersName)
