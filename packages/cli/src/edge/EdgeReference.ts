import { Options } from "@effect/cli"
import type { EdgeOverview } from "@vigil/core/Edge"
import type { EdgeId } from "@vigil/core/Ids"
import { Effect, Option } from "effect"
import { overHttp, type Server } from "../operator/Server.js"
import { CommandFailed } from "../Output.js"

/** Which edge runs a camera. */
export const edgeOption = Options.text("edge").pipe(
  Options.optional,
  Options.withDescription("The edge that is to run it, by name or id; none gives it back to the centre's nodes.")
)

export const findEdge = (text: string): Effect.Effect<EdgeOverview, Error, Server> =>
  Effect.flatMap(
    overHttp((http) => http.edges.list()),
    (edges) => {
      const found = edges.find(({ id, name }) => id === text.toLowerCase() || name === text)
      return found === undefined
        ? new CommandFailed({ detail: `there is no edge ${text}: \`vigil edge list\` tells which there are` })
        : Effect.succeed(found)
    }
  )

/** What the option says of a camera; nothing where it was not given. */
export const edgeNamed = (option: Option.Option<string>) =>
  Effect.gen(function* () {
    const nothing: { readonly edge?: EdgeId | null } = {}
    if (Option.isNone(option)) return nothing
    return option.value === "none" ? { edge: null } : { edge: (yield* findEdge(option.value)).id }
  })
