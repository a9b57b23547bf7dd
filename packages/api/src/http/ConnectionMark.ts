import * as Headers from "@effect/platform/Headers"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { SessionId } from "@vigil/core/Session"
import { Context, Effect, Layer, Option } from "effect"
import { isSameSecret, newToken } from "../auth/Token.js"

/** What is known of a connection since its upgrade. */
export interface Connection {
  /** The operator of this machine, the holder of the API key in the headers, or whoever has the session. */
  readonly who: "operator" | "key" | SessionId
  readonly address: string
}

const header = "x-vigil-connection"

/**
 * Carries what an upgrade request told to the calls of its connection. Calls have headers of their own, which the client makes: only a
 * mark that begins with this server's secret counts, and a call without one is refused.
 */
export class ConnectionMark extends Context.Tag("@vigil/api/ConnectionMark")<
  ConnectionMark,
  {
    readonly put: (request: HttpServerRequest.HttpServerRequest, connection: Connection) => HttpServerRequest.HttpServerRequest
    readonly read: (headers: Headers.Headers) => Option.Option<Connection>
  }
>() {
  static readonly layer: Layer.Layer<ConnectionMark> = Layer.effect(
    ConnectionMark,
    Effect.sync(() => {
      const secret = newToken()
      return {
        put: (request, { address, who }) =>
          request.modify({
            headers: Headers.set(request.headers, header, `${secret} ${who} ${address}`)
          }),
        read: (headers) => {
          const [given, who, address] = (headers[header] ?? "").split(" ", 3)
          return isSameSecret(secret, given) && who !== undefined && address !== undefined
            ? Option.some({ who: who === "operator" || who === "key" ? who : SessionId.make(who), address })
            : Option.none()
        }
      }
    })
  )
}
