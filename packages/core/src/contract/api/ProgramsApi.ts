import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { BadRequest, NotAllowed, NotSignedIn, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

/** 256 bits, base64url. */
export const ProgramSecret = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9_-]{43}$/))

/** A code that lets a program in, once. */
const ProgramCode = Schema.Struct({
  code: Schema.Redacted(Schema.String),
  expiresAt: Schema.DateTimeUtc
}).annotations({ identifier: "ProgramCode" })

export class ProgramsGroup extends HttpApiGroup.make("programs")
  .add(
    HttpApiEndpoint.post("allow", "/session/programs")
      .setPayload(Schema.Struct({ challenge: ProgramSecret }))
      .addSuccess(ProgramCode, { status: 201 })
  )
  .addError(BadRequest)
  .addError(NotSignedIn)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Somebody who is signed in in a browser lets a program on the same machine in: `challenge` is the SHA-256 of a secret of the program's, base64url (RFC 7636). The program gives the code and the secret for tokens of its own: `POST /tokens/exchange`."
  ) {}
