/**
 * Who may show what a privacy mask hides. Whoever configures cameras may add masks; taking one away, or changing its shape, is for administrators, whichever
 * way it is tried: by another list of masks or a version of before, by removing the camera, or by its address as another camera's.
 *
 * @module
 */
import { Effect, Either, Option } from "effect"
import type { Camera } from "../Camera.js"
import type { CameraId, TenantId } from "../Ids.js"
import { CameraStore } from "../port/CameraStore.js"
import { displayUrl, parseSourceUrl } from "../SourceUrl.js"
import { authorize } from "./Authorization.js"

type Masks = Camera["masks"]

/** Whether everything that was hidden is hidden by masks of the same corners, whatever they are called. */
const keepsMasks = (before: Masks, after: Masks): boolean => {
  const kept = new Set(after.map(({ polygon }) => JSON.stringify(polygon)))
  return before.every(({ polygon }) => kept.has(JSON.stringify(polygon)))
}

/** Other masks than before for a camera, or none because it is removed. */
export const authorizeMasks = (before: Masks, after: Masks) =>
  keepsMasks(before, after)
    ? Effect.void
    : Effect.asVoid(authorize("admin", "taking a privacy mask away, or changing its shape,"))

/** A camera that is to be, or to be changed. */
interface Viewed {
  readonly url: string
  readonly masks?: Masks | undefined
}

/** As cameras show it; none of those that publish to Vigil, which all have the address `whip:`. */
const addressOf = (url: string): Option.Option<string> =>
  Either.match(parseSourceUrl(url), {
    onLeft: () => Option.some(url),
    onRight: (address) => (address.scheme === "whip" ? Option.none() : Option.some(displayUrl(address.url)))
  })

/** Cameras that are given these addresses hide what other cameras of the same address do. */
export const authorizeViews = (tenant: TenantId, views: ReadonlyArray<Viewed>, besides?: CameraId) =>
  Effect.gen(function* () {
    const given = views.flatMap(({ masks = [], url }) => Option.toArray(addressOf(url)).map((address) => ({ address, masks })))
    const masked = yield* (yield* CameraStore).maskedAt(
      tenant,
      given.map(({ address }) => address)
    )
    const shows = masked.some(
      ({ id, masks, url }) => id !== besides && given.some((view) => view.address === url && !keepsMasks(masks, view.masks))
    )
    if (shows) yield* authorize("admin", "an address that another camera has, without the privacy masks of that camera,")
  })
