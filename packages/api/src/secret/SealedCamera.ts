import type { CameraSecrets } from "@vigil/core/CameraRecord"
import type { CameraId } from "@vigil/core/Ids"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Credentials } from "@vigil/core/Source"
import { Effect, Option, Redacted, Schema } from "effect"
import type { KeyRing } from "./KeyRing.js"
import { cameraAddressOwner, cameraCredentialsOwner } from "./SealedColumns.js"
import { seal, unseal } from "./SecretBox.js"

/** A camera's secrets as its row has them. */
export interface SealedCamera {
  readonly id: CameraId
  readonly credentials: Uint8Array | null
  readonly address: Uint8Array | null
}

const Text = Schema.parseJson(Credentials)
const encode = Schema.encodeSync(Text)
const decode = Schema.decodeUnknown(Text)

export const sealCamera = (key: KeyRing, id: CameraId, { address, credentials }: CameraSecrets): Omit<SealedCamera, "id"> => ({
  credentials: Option.getOrNull(Option.map(credentials, (given) => seal(key, cameraCredentialsOwner(id), encode(given)))),
  address: Option.getOrNull(Option.map(address, (whole) => seal(key, cameraAddressOwner(id), Redacted.value(whole))))
})

const opened = (key: KeyRing, owner: string, box: Uint8Array | null) =>
  box === null ? Effect.succeedNone : Effect.asSome(unseal(key, owner, box))

export const unsealCamera = (
  key: KeyRing,
  { address, credentials, id }: SealedCamera,
  operation: string
): Effect.Effect<CameraSecrets, StoreUnavailable> => {
  const unavailable = (what: string) => new StoreUnavailable({ operation, detail: `credentials of camera ${id}${what}` })
  return Effect.gen(function* () {
    const text = yield* opened(key, cameraCredentialsOwner(id), credentials)
    return {
      credentials: yield* Effect.transposeMapOption(text, (json) => decode(Redacted.value(json))),
      address: yield* opened(key, cameraAddressOwner(id), address)
    }
  }).pipe(
    Effect.catchTags({
      SecretUnreadable: ({ detail }) => unavailable(`: ${detail}`),
      ParseError: () => unavailable(" are none")
    })
  )
}
