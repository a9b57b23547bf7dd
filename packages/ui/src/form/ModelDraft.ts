import { ModelId } from "@vigil/core/Ids"
import { ModelHints, VersionName } from "@vigil/core/ModelVersion"
import { issueSentence } from "@vigil/core/IssueSentence"
import { Either, Schema } from "effect"
import type { ModelUpload } from "../client/OwnModels.js"

/** What somebody says of a file that is to be uploaded, as it is typed. */
export interface ModelDraft {
  readonly model: string
  readonly version: string
  /** JSON of what the file does not tell; empty for nothing. */
  readonly hints: string
}

export type ModelComplaints = { readonly [Field in keyof ModelDraft]?: string }

const isModelId = Schema.is(ModelId)
const isVersionName = Schema.is(VersionName)
const decodeHints = Schema.decodeUnknownEither(Schema.parseJson(ModelHints), { onExcessProperty: "error" })

/** `Fork Lifts v2.onnx` becomes `fork-lifts-v2`. */
export const modelIdOf = (fileName: string): string =>
  fileName
    .replace(/\.onnx$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 64)

/** What is uploaded, or what is wrong with which field. */
export const modelUpload = ({ hints, model, version }: ModelDraft): Either.Either<Omit<ModelUpload, "file">, ModelComplaints> => {
  const decoded = decodeHints(hints.trim() === "" ? "{}" : hints)
  const isKnown = isModelId(model) && isVersionName(version)
  if (isKnown && Either.isRight(decoded)) return Either.right({ model, version, hints: decoded.right })
  return Either.left({
    ...(isModelId(model) ? {} : { model: "Lower case letters, digits, dots, dashes; it begins with a letter or a digit." }),
    ...(isVersionName(version) ? {} : { version: "Letters, digits, dots, dashes, for example 1.4.0." }),
    ...(Either.isRight(decoded) ? {} : { hints: issueSentence(decoded.left) })
  })
}
