import type { CameraId } from "@vigil/core/Ids"
import type { LiveViews } from "@vigil/core/port/LiveViews"
import { Effect, Runtime } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { serveHttp } from "../process/HttpServer.js"

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  return text
}

/**
 * WHEP over plain HTTP, for pages of any origin: `POST /cameras/:n/whep` with an offer answers 201 with the answer. Views end with the
 * connection of their viewer. Answers the server's address.
 */
export const serveWhep = (views: typeof LiveViews.Service, cameras: ReadonlyArray<CameraId>) =>
  Effect.gen(function* () {
    const run = Runtime.runPromise(yield* Effect.runtime<never>())
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" }
      if (request.method === "OPTIONS") return void response.writeHead(204, headers).end()
      const camera = cameras[Number(/^\/cameras\/(\d+)\/whep$/.exec(request.url ?? "")?.[1])]
      if (request.method !== "POST" || camera === undefined) return void response.writeHead(404, headers).end()
      const offer = await textOf(request)
      const view = await run(views.open(camera, offer))
      response.writeHead(201, { ...headers, "content-type": "application/sdp" }).end(view.answer)
    }
    return yield* serveHttp((request, response) => {
      answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
  })
