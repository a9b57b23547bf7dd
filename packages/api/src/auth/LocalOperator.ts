import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { defaultTenant, UserId } from "@vigil/core/Ids"
import { User } from "@vigil/core/User"
import { Context, DateTime, Effect, Layer, Option, Redacted } from "effect"
import { bearerOf, isSameSecret, newToken } from "./Token.js"

/** Not a version that `crypto.randomUUID` makes, so no person has it. */
const operatorId = UserId.make("00000000-0000-8000-8000-000000000001")

/** What a proxy adds: with any of these the request comes from elsewhere, whoever's connection it is. */
const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip", "via"]

const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address)

export const isLocalOperator = ({ id }: User): boolean => id === operatorId

/** The other end is this machine: a loopback address, or the very address that was listened on. */
const isLocal = (request: HttpServerRequest.HttpServerRequest): boolean => {
  const { localAddress, remoteAddress } = NodeHttpServerRequest.toIncomingMessage(request).socket
  if (remoteAddress === undefined || forwarding.some((header) => header in request.headers)) return false
  return isLoopback(remoteAddress) || remoteAddress === localAddress
}

/**
 * Whoever may read the data folder of this machine may operate Vigil: a token, fresh with each start, that counts as an administrator of
 * the default tenant when it comes from this machine and through no proxy. Nobody knows it unless it is written down for them.
 */
export class LocalOperator extends Context.Tag("@vigil/api/LocalOperator")<
  LocalOperator,
  {
    readonly token: Redacted.Redacted
    /** The operator, if the request carries the token (`Authorization: Bearer`) and comes from this machine. */
    readonly recognise: (request: HttpServerRequest.HttpServerRequest) => Option.Option<User>
    readonly user: User
  }
>() {
  static readonly layer: Layer.Layer<LocalOperator> = Layer.effect(
    LocalOperator,
    Effect.gen(function* () {
      const token = newToken()
      const user = User.make({
        id: operatorId,
        tenantId: defaultTenant,
        username: "operator",
        role: "admin",
        createdAt: yield* DateTime.now
      })
      return LocalOperator.of({
        token: Redacted.make(token),
        user,
        recognise: (request) =>
          isSameSecret(token, bearerOf(request.headers["authorization"])) && isLocal(request) ? Option.some(user) : Option.none()
      })
    })
  )
}
