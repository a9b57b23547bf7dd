import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { CameraId } from "@vigil/core/Ids"
import { emptyStatistics, type OpenSource, sourceConfig } from "@vigil/core/Source"
import { acceptPublisher, type PublisherConnection } from "@vigil/runtime/source/whip/PublisherConnection"
import { readOffer } from "@vigil/runtime/source/whip/PublisherOffer"
import { WhipDoor } from "@vigil/runtime/source/whip/WhipDoor"
import { defaultWhipLimits } from "@vigil/runtime/source/whip/WhipLimits"
import { makeWhipSource } from "@vigil/runtime/source/whip/WhipSource"
import { Context, Effect, Either, Layer, Schedule } from "effect"

export const until = (what: string, condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutFail({ duration: "90 seconds", onTimeout: () => new Error(`never: ${what}`) })
  )

interface Request {
  readonly method: string
  readonly path: string
}

interface Options {
  readonly camera: CameraId
  /** Share of the RTP packets that never arrive. */
  readonly loss?: number
}

const webRtc = { addresses: ["127.0.0.1"], ports: undefined, iceServers: [] }

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ""
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk)
  return body
}

/** As much of a server as an agent sees, over the real source of one camera. The token is `right`. */
export const startWhipServer = ({ camera, loss = 0 }: Options) =>
  Effect.gen(function* () {
    const door = Context.get(yield* Layer.build(WhipDoor.layer), WhipDoor)
    const units: Array<AccessUnit> = []
    const requests: Array<Request> = []
    const connections = new Set<PublisherConnection>()
    let dropped = 0
    let ended = 0
    let open: OpenSource | undefined

    const source = makeWhipSource(door, { ...defaultWhipLimits, wait: 600_000, report: 200 })
    yield* source
      .open(sourceConfig("whip:", { camera }), (unit) => void units.push(unit))
      .pipe(
        Effect.flatMap((opened) => {
          open = opened
          return opened.ended
        }),
        Effect.scoped,
        // Every publication ends, and the next one is awaited.
        Effect.catchAll(() => Effect.sync(() => ended++)),
        Effect.forever,
        Effect.forkScoped
      )

    const lossy = (connection: PublisherConnection): PublisherConnection => ({
      ...connection,
      listen: ({ onRtcp, onRtp }) =>
        connection.listen({
          onRtcp,
          onRtp: (bytes) => {
            if (Math.random() < loss) dropped++
            else onRtp(bytes)
          }
        })
    })

    const publish = async (request: IncomingMessage, response: ServerResponse) => {
      const offer = Either.getOrThrow(readOffer(await bodyOf(request)))
      const connection = await acceptPublisher(offer, webRtc)
      connections.add(connection)
      await Effect.runPromise(door.bring(camera, lossy(connection)))
      response.writeHead(201, { "content-type": "application/sdp", location: `${request.url}/1` }).end(connection.answer)
    }

    const endAll = (why: string) => {
      for (const connection of connections) connection.end(why)
      connections.clear()
    }

    const listener = (request: IncomingMessage, response: ServerResponse) => {
      requests.push({ method: request.method ?? "", path: request.url ?? "" })
      if (request.headers.authorization !== "Bearer right") {
        response.writeHead(401, { "content-type": "application/problem+json" }).end('{"detail":"There is no such token."}')
      } else if (request.method === "DELETE") {
        endAll("The publisher ended it")
        response.writeHead(204).end()
      } else publish(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    }

    const listen = (port: number) =>
      Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const server = createServer(listener)
          server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) =>
          Effect.async<void>((resume) => {
            endAll("The server is stopped")
            server.close(() => resume(Effect.void))
            server.closeAllConnections()
          })
      )

    let server = yield* listen(0)
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return {
      port,
      url: `http://127.0.0.1:${port}`,
      units,
      requests,
      dropped: () => dropped,
      ended: () => ended,
      description: () => open?.description.tracks ?? [],
      statistics: () => open?.statistics() ?? emptyStatistics,
      /** Goes away without a word, and is there again. */
      restart: Effect.gen(function* () {
        endAll("The server is stopped")
        yield* Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
        yield* Effect.sleep("300 millis")
        server = yield* listen(port)
      })
    }
  })
