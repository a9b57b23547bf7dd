import { Console, Effect, Redacted } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { createServer, type Server } from "node:http"
import { CommandFailed } from "../Output.js"
import { askTokens } from "./ProfileTokens.js"

const patience = "5 minutes"

const page = "<!doctype html><meta charset=utf-8><title>Vigil</title><p>The command line goes on. You can close this page.</p>"

/** Waits on this machine for the browser to come with a code (RFC 8252 7.3). */
const listener = Effect.acquireRelease(
  Effect.async<{ readonly server: Server; readonly port: number; readonly code: Promise<string> }, CommandFailed>((resume) => {
    const server = createServer()
    const code = new Promise<string>((given) => {
      server.on("request", (request, response) => {
        const found = new URL(request.url ?? "/", "http://127.0.0.1").searchParams.get("code")
        if (found === null) return void response.writeHead(404).end()
        response.writeHead(200, { "content-type": "text/html", connection: "close" }).end(page)
        given(found)
      })
    })
    server.once("error", (error) => resume(new CommandFailed({ detail: `this machine cannot be listened on: ${error.message}` })))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ server, code, port: typeof address === "object" && address !== null ? address.port : 0 }))
    })
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeIdleConnections()
    })
)

/** Tokens of whoever is signed in at the server in this machine's browser, and allows it there. */
export const signInByBrowser = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const verifier = randomBytes(32).toString("base64url")
      const challenge = createHash("sha256").update(verifier).digest("base64url")
      const { code, port } = yield* listener
      yield* Console.error(
        `Open this page in a browser on this machine, and allow it there:\n${url}/authorize?port=${port}&challenge=${challenge}`
      )
      const given = yield* Effect.timeoutFail(
        Effect.promise(() => code),
        { duration: patience, onTimeout: () => new CommandFailed({ detail: `nobody allowed it within ${patience}` }) }
      )
      return yield* askTokens(url, (tokens) =>
        tokens.exchange({ payload: { code: Redacted.make(given), verifier: Redacted.make(verifier) } })
      )
    })
  )
