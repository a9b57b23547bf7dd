import { Effect } from "effect"
import { createServer, type RequestListener } from "node:http"

/** Serves plain HTTP on a free port of the loopback interface until the scope closes. Answers the address, without a slash at its end. */
export const serveHttp = (listener: RequestListener) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => createServer(listener)),
      (open) =>
        Effect.async<void>((resume) => {
          open.close(() => resume(Effect.void))
          open.closeAllConnections()
        })
    )
    return yield* Effect.async<string>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(`http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`))
      })
    })
  })
