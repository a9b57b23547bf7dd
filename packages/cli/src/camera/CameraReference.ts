import type { Camera } from "@vigil/core/Camera"
import { Array, Effect } from "effect"
import { overRpc } from "../operator/Server.js"
import { CommandFailed } from "../Output.js"
import { word } from "../SourceArgument.js"

/** Names a camera on the command line. */
export const cameraArgument = word("camera", "The camera: its name or id, or the beginning of either where that is clear.")

/** The ways of meaning a camera, the most certain first. */
const meanings: ReadonlyArray<(camera: Camera, text: string) => boolean> = [
  ({ id }, text) => id === text.toLowerCase(),
  ({ name }, text) => name === text,
  ({ name }, text) => name.toLowerCase() === text.toLowerCase(),
  ({ id }, text) => id.startsWith(text.toLowerCase()),
  ({ name }, text) => name.toLowerCase().startsWith(text.toLowerCase())
]

/** The one camera that is meant. */
export const findCamera = (cameras: ReadonlyArray<Camera>, text: string): Effect.Effect<Camera, CommandFailed> => {
  for (const means of meanings) {
    const found = cameras.filter((camera) => means(camera, text))
    if (found.length > 1) {
      const list = found.map(({ id, name }) => `${name} (${id})`).join(", ")
      return new CommandFailed({ detail: `${text} may mean ${list}: name one by its id` })
    }
    if (Array.isNonEmptyArray(found)) return Effect.succeed(found[0])
  }
  return new CommandFailed({ detail: `there is no camera ${text}: \`vigil camera list\` tells which there are` })
}

export const listCameras = overRpc((rpc) => rpc.ListCameras())

export const cameraNamed = (text: string) => Effect.flatMap(listCameras, (cameras) => findCamera(cameras, text))
