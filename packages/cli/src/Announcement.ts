import { ServerAddress } from "@vigil/api/http/HttpListener"
import { setupLink } from "@vigil/api/Server"
import { Console, Effect, Option } from "effect"

/** Says where the server is, and how to become its first administrator. */
export const announce = (options: { readonly json: boolean }) =>
  Effect.gen(function* () {
    const { url } = yield* ServerAddress
    const link = Option.getOrUndefined(yield* setupLink)
    if (options.json) return yield* Console.log(JSON.stringify({ url, setup: link }))
    yield* Console.log(`\n  Vigil is at ${url}`)
    if (link !== undefined)
      yield* Console.log(`  Open ${link}\n  once, to create the first administrator. The link is valid for 24 hours.`)
    yield* Console.log("\n  Ctrl-C ends it.\n")
  })
