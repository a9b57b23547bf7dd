import { ErasureSelection } from "@vigil/core/Erasure"
import { DateTime, Either, Schema } from "effect"

/** What is typed into the form. */
export interface ErasureDraft {
  /** In the reader's zone, as `datetime-local` has it. */
  readonly from: string
  readonly to: string
  readonly camera: string
  readonly tracks: string
}

export const emptyDraft: ErasureDraft = { from: "", to: "", camera: "", tracks: "" }

const decode = Schema.decodeUnknownEither(ErasureSelection)

const moment = (local: string) => {
  const time = new Date(local)
  return local === "" || Number.isNaN(time.getTime()) ? undefined : DateTime.formatIso(DateTime.unsafeFromDate(time))
}

/** What is to be erased, or what is wrong with what was typed. */
export const selectionOf = ({ camera, from, to, tracks }: ErasureDraft): Either.Either<ErasureSelection, string> => {
  const [begins, ends] = [moment(from), moment(to)]
  const trackingIds = tracks.split(/[\s,;]+/).filter((id) => id !== "")
  const typed = {
    ...(begins === undefined ? {} : { from: begins }),
    ...(ends === undefined ? {} : { to: ends }),
    ...(camera === "" ? {} : { cameraIds: [camera] }),
    ...(trackingIds.length === 0 ? {} : { trackingIds })
  }
  if (Object.keys(typed).length === 0) return Either.left("Say which: a time, a camera or tracks.")
  if (begins !== undefined && ends !== undefined && begins >= ends) return Either.left("The time must end after it begins.")
  return Either.mapLeft(decode(typed), () => "Tracks are named as events name them, separated by commas.")
}
