import { Effect, Redacted, Schema } from "effect"
import * as Http from "node:http"
import * as Https from "node:https"
import { readOrigin } from "./WhipServer.js"
import type { WhipServer } from "./WhipServer.js"

/**
 * Why a server did not take an offer, or let nobody in:
 * - `unreachable`: no connection, or none within its limit;
 * - `tls`: its certificate is not trusted;
 * - `unauthorized`: the token is not (or no longer) the camera's;
 * - `refused`: the server answers that it will not, as things are; they may change;
 * - `rejected`: it does not understand the offer, or its answer is none.
 */
export class WhipError extends Schema.TaggedError<WhipError>()("WhipError", {
  reason: Schema.Literal("unreachable", "tls", "unauthorized", "refused", "rejected"),
  detail: Schema.String,
  status: Schema.optional(Schema.Int),
  /** Milliseconds that the server asks to wait. */
  retryAfter: Schema.optional(Schema.Number)
}) {
  override get message() {
    return this.detail
  }
}

/** What a server has taken: its answer, and where the publication is ended. */
export interface Taken {
  readonly answer: string
  readonly resource: URL
}

const limits = { request: 20_000, remove: 1500, answerBytes: 128 * 1024, redirects: 3, longestWait: 60_000 }

interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

interface Question {
  readonly method: "POST" | "DELETE"
  readonly url: URL
  readonly body?: string
  readonly limit: number
}

const tlsCodes = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|ALTNAME|ERR_OSSL/

const asError = (server: WhipServer, error: Error & { readonly code?: string }): WhipError => {
  const code = error.code ?? ""
  return tlsCodes.test(code)
    ? new WhipError({
        reason: "tls",
        detail: `${server.origin} is not trusted: ${error.message} (--server-ca names another authority)`
      })
    : new WhipError({ reason: "unreachable", detail: `${server.origin} cannot be reached: ${error.message || code}` })
}

const ask = (server: WhipServer, token: Redacted.Redacted, { body, limit, method, url }: Question) =>
  Effect.async<Answer, WhipError>((resume) => {
    const fail = (error: Error) => resume(Effect.fail(asError(server, error)))
    const headers = {
      authorization: `Bearer ${Redacted.value(token)}`,
      accept: "application/sdp",
      ...(body === undefined ? {} : { "content-type": "application/sdp", "content-length": Buffer.byteLength(body) })
    }
    const options = { method, headers, agent: false, signal: AbortSignal.timeout(limit) }
    const onResponse = (response: Http.IncomingMessage) => {
      const chunks: Array<Buffer> = []
      let bytes = 0
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > limits.answerBytes) response.destroy(new Error(`its answer is longer than ${limits.answerBytes} bytes`))
        else chunks.push(chunk)
      })
      response.on("error", fail)
      response.on("end", () =>
        resume(
          Effect.succeed({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("utf8")
          })
        )
      )
    }
    const request =
      url.protocol === "https:"
        ? Https.request(url, { ...options, ...(server.ca === undefined ? {} : { ca: server.ca }) }, onResponse)
        : Http.request(url, options, onResponse)
    request.on("error", (error: Error) =>
      fail(error.name === "AbortError" || error.name === "TimeoutError" ? new Error(`no answer within ${limit} ms`) : error)
    )
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

const ProblemText = Schema.parseJson(Schema.Struct({ detail: Schema.String }))
const detailOf = Schema.decodeUnknownOption(ProblemText)

/** What the server says of it, in its own words where it has some (RFC 9457). */
const said = ({ body, status }: Answer): string => {
  const problem = detailOf(body)
  return problem._tag === "Some" ? problem.value.detail.slice(0, 500) : `status ${status}`
}

const retryAfterOf = ({ headers }: Answer): { readonly retryAfter?: number } => {
  const seconds = Number(headers["retry-after"])
  return seconds > 0 ? { retryAfter: Math.min(limits.longestWait, seconds * 1000) } : {}
}

const refusal = (server: WhipServer, answer: Answer): WhipError => {
  const { status } = answer
  const common = { status, ...retryAfterOf(answer) }
  if (status === 401 || status === 403 || status === 404) {
    return new WhipError({ ...common, reason: "unauthorized", detail: `${server.origin} does not let us in: ${said(answer)}` })
  }
  if (status === 400 || status === 413 || status === 415 || status === 422) {
    return new WhipError({ ...common, reason: "rejected", detail: `${server.origin} cannot take the offer: ${said(answer)}` })
  }
  return new WhipError({ ...common, reason: "refused", detail: `${server.origin} refuses for now: ${said(answer)}` })
}

const isRedirection = (status: number): boolean => status === 307 || status === 308

/** Where a redirection leads (RFC 9725 4.5): the token goes nowhere but to the server that it was given for. */
const follow = (server: WhipServer, from: URL, { headers, status }: Answer) => {
  const to = URL.canParse(headers.location ?? "", from.href) ? new URL(headers.location ?? "", from) : undefined
  return to?.origin === server.origin
    ? Effect.succeed(to)
    : new WhipError({
        reason: "rejected",
        status,
        detail: `${server.origin} redirects to ${to === undefined ? "nowhere" : to.origin}: name that server instead`
      })
}

/** Offers a stream to a WHIP endpoint (RFC 9725 4.2). */
export const publish = (server: WhipServer, endpoint: URL, token: Redacted.Redacted, offer: string) =>
  Effect.gen(function* () {
    let url = endpoint
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      const answer = yield* ask(server, token, { method: "POST", url, body: offer, limit: limits.request })
      if (isRedirection(answer.status)) {
        url = yield* follow(server, url, answer)
        continue
      }
      if (answer.status !== 201) return yield* refusal(server, answer)
      const { location } = answer.headers
      if (!answer.body.startsWith("v=0") || location === undefined || readOrigin(location, url) !== server.origin) {
        const detail = `${server.origin} does not answer as a WHIP endpoint does (RFC 9725): an SDP answer and a Location of its own`
        return yield* new WhipError({ reason: "rejected", status: 201, detail })
      }
      return { answer: answer.body, resource: new URL(location, url) } satisfies Taken
    }
    return yield* new WhipError({ reason: "rejected", detail: `${server.origin} redirects more than ${limits.redirects} times` })
  })

/** Ends a publication (RFC 9725 4.2); one that is over already is fine too. */
export const remove = (server: WhipServer, token: Redacted.Redacted, resource: URL): Effect.Effect<void, WhipError> =>
  Effect.asVoid(ask(server, token, { method: "DELETE", url: resource, limit: limits.remove }))
