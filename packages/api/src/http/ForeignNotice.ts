import * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as RpcServer from "@effect/rpc/RpcServer"
import type { Principal } from "@vigil/core/contract/Principal"
import { Context, Effect, Layer } from "effect"
import { ForeignAccess, idsIn } from "../auth/ForeignAccess.js"

type Caller = typeof Principal.Service

const utf8 = new TextDecoder()

/** What an answer says, if it is short enough to be a problem or a list of them. */
const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" && body.body.length < 200_000 ? utf8.decode(body.body) : ""

/** How answers say that something is not there: problem types over HTTP, errors in RPC. */
const saysNotFound = (text: string): boolean => /-not-found"|NotFound"/.test(text)

/** Has the current request looked into, if its answer says that something is not there; `many` of calls that answer for many things at once. */
export const noteForeign = (
  caller: Caller,
  { call, many, url }: { readonly call: string; readonly many: boolean; readonly url: string }
) =>
  Effect.flatMap(ForeignAccess, ({ note }) =>
    HttpApp.appendPreResponseHandler((_, response) => {
      if (response.status !== 404 && !many) return Effect.succeed(response)
      const text = textOf(response)
      return saysNotFound(text) ? Effect.as(note(caller, call, idsIn(`${url} ${text}`)), response) : Effect.succeed(response)
    })
  )

const mostClients = 10_000

/** Who is at the other end of each RPC connection. */
export class RpcCallers extends Context.Tag("@vigil/api/RpcCallers")<
  RpcCallers,
  {
    readonly set: (client: number, caller: Caller) => void
    readonly get: (client: number) => Caller | undefined
  }
>() {
  static readonly layer: Layer.Layer<RpcCallers> = Layer.sync(RpcCallers, () => {
    const callers = new Map<number, Caller>()
    return RpcCallers.of({
      set: (client, caller) => {
        callers.set(client, caller)
        if (callers.size > mostClients) for (const oldest of callers.keys()) return void callers.delete(oldest)
      },
      get: (client) => callers.get(client)
    })
  })
}

type Protocol = typeof RpcServer.Protocol.Service

/** The protocol, with calls looked into that were told that something is not there. */
export const notingForeign = (protocol: Protocol): Effect.Effect<Protocol, never, ForeignAccess | RpcCallers> =>
  Effect.gen(function* () {
    const { note } = yield* ForeignAccess
    const callers = yield* RpcCallers
    return {
      ...protocol,
      send: (client, response, transferables) => {
        const sent = protocol.send(client, response, transferables)
        if (response._tag !== "Exit" || response.exit._tag === "Success") return sent
        const caller = callers.get(client)
        const text = JSON.stringify(response.exit.cause)
        return caller === undefined || !saysNotFound(text) ? sent : Effect.zipRight(note(caller, "RPC", idsIn(text)), sent)
      }
    }
  })
