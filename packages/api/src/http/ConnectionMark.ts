import * as Headers from "@effect/platform/Headers"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Context, Effect, Layer, Option } from "effect"
import { isSameSecret, newToken } from "../auth/Token.js"

/** What is known of a connection since its upgrade. */
export interface Connection {
  readonly isOperator: boolean
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
        put: (request, { address, isOperator }) =>
          request.modify({
            headers: Headers.set(request.headers, header, `${secret} ${isOperator ? "operator" : "visitor"} ${address}`)
          }),
        read: (headers) => {
          const [given, who, address] = (headers[header] ?? "").split(" ", 3)
          return isSameSecret(secret, given) && address !== undefined
            ? Option.some({ isOperator: who === "operator", address })
            : Option.none()
        }
      }
    })
  )
}
