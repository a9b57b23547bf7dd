import { Command, Options } from "@effect/cli"
import { PublishToken } from "@vigil/core/PublishToken"
import { Console, Effect } from "effect"
import { described } from "../../Help.js"
import { cameraArgument, cameraNamed } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { overHttp } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { json, printJson } from "../../Output.js"

const revoke = Options.boolean("revoke").pipe(
  Options.withDescription("Take the token back without making another; what is published with it ends.")
)

/** Makes or takes back what lets a publisher push to a camera. */
export const tokenCommand = Command.make("token", { camera: cameraArgument, revoke, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, name } = yield* cameraNamed(options.camera)
    if (options.revoke) {
      yield* overHttp((http) => http.publishTokens.revoke({ path: { id } }))
      return yield* options.json ? Console.log("{}") : Console.error(`Nobody may publish to ${name} now.`)
    }
    const made = yield* overHttp((http) => http.publishTokens.make({ path: { id } }))
    if (options.json) return yield* printJson(PublishToken)(made)
    yield* Console.error(`The publish token of ${name} (${id}). It is not told again; the one before is worth nothing now.`)
    yield* Console.log(made.token)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Make a new publish token for a camera whose address is whip:, for `vigil agent` or another WHIP client.",
      'vigil camera token "North gate"'
    )
  )
)
