import { lacksSecrets } from "@vigil/core/AddressSecrets"
import { type Camera, CameraPatch, NewCamera } from "@vigil/core/Camera"
import type { CameraId, PlaceId } from "@vigil/core/Ids"
import type { RtspTransport, TlsTrust } from "@vigil/core/Source"
import { Either, ParseResult, Schema } from "effect"
import type { LineDraft, ZoneDraft } from "../zone/ShapeEditing.js"

export interface AssignmentDraft {
  readonly analytic: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** What a camera's form holds: text as it was typed. It becomes a camera, or a complaint per field. */
export interface CameraDraft {
  readonly name: string
  readonly url: string
  readonly username: string
  readonly password: string
  /** The stored user name and password are to be forgotten. */
  readonly forget: boolean
  readonly transport: RtspTransport
  readonly tls: TlsTrust
  readonly enabled: boolean
  readonly placeId: PlaceId | null
  readonly tags: ReadonlyArray<string>
  readonly groups: ReadonlyArray<string>
  readonly location: string
  readonly description: string
  readonly model: string
  readonly framesPerSecond: string
  readonly gate: "motion" | "always"
  readonly placement: "local" | "queue"
  readonly segmentDuration: string
  readonly segmentOverlap: string
  readonly analytics: ReadonlyArray<AssignmentDraft>
}

/** A complaint per field of the draft. */
export type Complaints = Readonly<Record<string, string>>

const blank = Schema.decodeUnknownSync(NewCamera)({ name: "Camera", url: "rtsp://camera" })

/** User name and password that were pasted within the address go to their own fields, where nobody looks over a shoulder. */
export const withoutUserInformation = (draft: CameraDraft): CameraDraft => {
  const url = URL.parse(draft.url.trim())
  if (url === null || (url.username === "" && url.password === "")) return draft
  const username = decoded(url.username)
  const password = decoded(url.password)
  url.username = ""
  url.password = ""
  return { ...draft, url: url.href, username, password }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    // A stray percent sign: it was meant as it stands.
    if (error instanceof URIError) return text
    throw error
  }
}

export const newDraft: CameraDraft = {
  name: "",
  url: "",
  username: "",
  password: "",
  forget: false,
  transport: blank.transport,
  tls: blank.tls,
  enabled: blank.enabled,
  placeId: null,
  tags: [],
  groups: [],
  location: "",
  description: "",
  model: blank.detection.model ?? "",
  framesPerSecond: String(blank.detection.framesPerSecond),
  gate: blank.detection.gate,
  placement: blank.detection.placement ?? "local",
  segmentDuration: String(blank.segment.duration),
  segmentOverlap: String(blank.segment.overlap),
  analytics: blank.analytics
}

export const draftOf = (camera: Camera): CameraDraft => ({
  name: camera.name,
  url: camera.url,
  username: "",
  password: "",
  forget: false,
  transport: camera.transport,
  tls: camera.tls,
  enabled: camera.enabled,
  placeId: camera.placeId,
  tags: camera.tags,
  groups: camera.groups,
  location: camera.location ?? "",
  description: camera.description ?? "",
  model: camera.detection.model ?? "",
  framesPerSecond: String(camera.detection.framesPerSecond),
  gate: camera.detection.gate,
  placement: camera.detection.placement ?? "local",
  segmentDuration: String(camera.segment.duration),
  segmentOverlap: String(camera.segment.overlap),
  analytics: camera.analytics
})

/** A list that is typed with commas may have empty places while it is typed. */
const tidy = (settings: AssignmentDraft["settings"]): AssignmentDraft["settings"] =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      Array.isArray(value)
        ? value.map((part: unknown) => (typeof part === "string" ? part.trim() : part)).filter((part) => part !== "")
        : value
    ])
  )

const typedNumber = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

const configuration = (draft: CameraDraft) => ({
  name: draft.name.trim(),
  url: draft.url.trim(),
  transport: draft.transport,
  tls: draft.tls,
  enabled: draft.enabled,
  placeId: draft.placeId,
  tags: draft.tags,
  groups: draft.groups,
  location: draft.location.trim() || null,
  description: draft.description.trim() || null,
  segment: { duration: typedNumber(draft.segmentDuration), overlap: typedNumber(draft.segmentOverlap) },
  detection: {
    framesPerSecond: typedNumber(draft.framesPerSecond),
    gate: draft.gate,
    ...(draft.placement === "local" ? {} : { placement: draft.placement }),
    ...(draft.model === "" ? {} : { model: draft.model })
  },
  analytics: draft.analytics.map((assignment) => ({ ...assignment, settings: tidy(assignment.settings) }))
})

const typedCredentials = ({ username, password }: CameraDraft) =>
  username === "" && password === "" ? {} : { credentials: { username, password } }

const complaints: Complaints = {
  name: "Give the camera a name of at most 200 characters.",
  url: "Enter the camera's address, for example rtsp://192.168.1.20/stream1.",
  "detection.framesPerSecond": "Between 0.1 and 30.",
  tags: "At most 32 words of 50 characters each, without commas and semicolons.",
  groups: "At most 32 words of 50 characters each, without commas and semicolons.",
  "segment.duration": "Between 1 and 10 seconds.",
  "segment.overlap": "Between 0 and 5 seconds.",
  "tls.sha256": "64 hexadecimal digits, with or without colons.",
  zones: "Every zone needs a name and three corners.",
  lines: "Every line needs a name.",
  masks: "Every mask needs a name and three corners, and its edges must not cross."
}

const complain = (error: ParseResult.ParseError): Complaints => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path, message }) => ({
    place: path.join("."),
    message
  }))
  // A field with a default fails twice: as what it is, and as the absence that it could have been.
  const precise = issues.filter(({ place }) => !issues.some((other) => other.place.startsWith(`${place}.`)))
  return Object.fromEntries(
    precise.map(({ place, message }) => {
      const [part = ""] = place.split(".")
      return complaints[place] === undefined ? [part, complaints[part] ?? message] : [place, complaints[place]]
    })
  )
}

const decodeNew = Schema.decodeUnknownEither(NewCamera, { errors: "all" })
const decodePatch = Schema.decodeUnknownEither(CameraPatch, { errors: "all" })

const supported = /^(rtsps?|https?|file|v4l2):\/\//i

/** What a person would notice before the server has to. */
const addressComplaint = ({ url }: CameraDraft): Complaints =>
  url.trim() === "" || supported.test(url.trim())
    ? {}
    : { url: "The address begins with rtsp://, rtsps://, http://, https://, file:// or v4l2://." }

const checked = <A>(draft: CameraDraft, result: Either.Either<A, ParseResult.ParseError>): Either.Either<A, Complaints> => {
  const address = addressComplaint(draft)
  if (Either.isLeft(result)) return Either.left({ ...address, ...complain(result.left) })
  return Object.keys(address).length > 0 ? Either.left(address) : Either.right(result.right)
}

/** A camera to add, or to probe. */
export const toNewCamera = (draft: CameraDraft): Either.Either<NewCamera, Complaints> =>
  checked(draft, decodeNew({ ...configuration(draft), ...typedCredentials(draft) }))

/** The camera whose stored secrets a probe of the draft is to use; none where others are typed, or none are wanted. */
export const storedWith = (camera: Camera, { forget, password, url, username }: CameraDraft): CameraId | undefined =>
  lacksSecrets(url) || (camera.hasCredentials && !forget && username === "" && password === "") ? camera.id : undefined

/** Everything that the form and the editor hold, as a change of a camera. */
export const toPatch = (
  draft: CameraDraft,
  zones: ReadonlyArray<ZoneDraft>,
  lines: ReadonlyArray<LineDraft>,
  masks: ReadonlyArray<ZoneDraft>
): Either.Either<CameraPatch, Complaints> => {
  const credentials = draft.forget ? { credentials: null } : typedCredentials(draft)
  const named = <A extends { readonly name: string }>(shape: A): A => ({ ...shape, name: shape.name.trim() })
  return checked(
    draft,
    decodePatch({
      ...configuration(draft),
      ...credentials,
      zones: zones.map(named),
      lines: lines.map(named),
      masks: masks.map(named)
    })
  )
}
