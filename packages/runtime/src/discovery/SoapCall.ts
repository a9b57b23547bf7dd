import type { Credentials } from "@vigil/core/Source"
import { Data, Effect, Redacted } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { request } from "node:http"
import { authorize } from "../source/auth/Authorization.js"
import { escapeXml, find, findAll, readXml, textIn, type XmlNode } from "./Xml.js"

/** `unauthorized` without a user name and password, or with wrong ones; `refused` with a fault; `unreachable` without an answer that makes sense. */
export class SoapError extends Data.TaggedError("SoapError")<{
  readonly reason: "unauthorized" | "refused" | "unreachable"
  readonly detail: string
}> {
  override get message() {
    return this.detail
  }
}

export interface SoapCall {
  /** Of the service, `http://...`. */
  readonly url: string
  readonly namespace: string
  /** The content of the body; its element names without a prefix are of `namespace`. */
  readonly body: string
  readonly credentials?: Credentials | undefined
  /** Milliseconds that the device's clock is ahead of ours: its tokens are dated by it. */
  readonly clockOffset?: number
}

const patience = 4000
const longestAnswer = 256 * 1024

const security = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"

/** A user name token with the digest of the password (Web Services Security UsernameToken Profile 1.1, 3.1). */
const usernameToken = ({ password, username }: Credentials, clockOffset: number): string => {
  const nonce = randomBytes(16)
  const created = new Date(Date.now() + clockOffset).toISOString()
  const digest = createHash("sha1").update(nonce).update(created).update(Redacted.value(password)).digest("base64")
  return (
    `<w:Security s:mustUnderstand="1" xmlns:w="${security}-wssecurity-secext-1.0.xsd" xmlns:u="${security}-wssecurity-utility-1.0.xsd">` +
    `<w:UsernameToken><w:Username>${escapeXml(username)}</w:Username>` +
    `<w:Password Type="${security}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>` +
    `<w:Nonce EncodingType="${security}-soap-message-security-1.0#Base64Binary">${nonce.toString("base64")}</w:Nonce>` +
    `<u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  )
}

const envelope = ({ body, namespace }: SoapCall, header: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${header}</s:Header>` +
  `<s:Body xmlns="${namespace}">${body}</s:Body></s:Envelope>`

interface HttpAnswer {
  readonly status: number
  readonly challenges: ReadonlyArray<string>
  readonly text: string
}

const unreachable = (detail: string) => new SoapError({ reason: "unreachable", detail })

const post = (url: URL, message: string, headers: Readonly<Record<string, string>>) =>
  Effect.async<HttpAnswer, SoapError>((resume) => {
    const fail = (detail: string) => resume(Effect.fail(unreachable(detail)))
    const sent = request(
      url,
      { method: "POST", agent: false, headers: { "content-type": "application/soap+xml; charset=utf-8", ...headers } },
      (response) => {
        const parts: Array<Buffer> = []
        let length = 0
        response.on("data", (part: Buffer) => {
          length += part.length
          parts.push(part)
          if (length <= longestAnswer) return
          fail(`its answer is longer than ${longestAnswer} bytes`)
          sent.destroy()
        })
        response.once("error", (error) => fail(error.message))
        response.once("end", () => {
          const challenges = response.headersDistinct["www-authenticate"] ?? []
          resume(Effect.succeed({ status: response.statusCode ?? 0, challenges, text: Buffer.concat(parts).toString("utf8") }))
        })
      }
    )
    sent.once("error", (error) => fail(error.message))
    sent.end(message)
    return Effect.sync(() => sent.destroy())
  }).pipe(Effect.timeoutFail({ duration: patience, onTimeout: () => unreachable(`no answer within ${patience} ms`) }))

/** ONVIF Core, "SOAP fault messages", and Web Services Security 1.1, section 12. */
const isAboutRights = (fault: XmlNode): boolean =>
  [...findAll(fault, "Value"), ...findAll(fault, "faultcode")].some(({ text }) =>
    /NotAuthorized|FailedAuthentication|FailedCheck/i.test(text)
  )

const bodyOf = ({ status, text }: HttpAnswer): Effect.Effect<XmlNode, SoapError> => {
  const body = find(readXml(text), "Body")
  const fault = find(body, "Fault")
  if (status === 401 || (fault !== undefined && isAboutRights(fault))) {
    return new SoapError({ reason: "unauthorized", detail: "it wants a user name and password, or other ones" })
  }
  if (fault !== undefined) {
    const reason = textIn(fault, "Text") ?? textIn(fault, "faultstring") ?? "a fault without a reason"
    return new SoapError({ reason: "refused", detail: reason.slice(0, 300) })
  }
  return body === undefined ? unreachable(`it answers with HTTP ${status} and no SOAP`) : Effect.succeed(body)
}

/**
 * Calls an operation of a device by SOAP 1.2 over HTTP, and answers the body. Who we are is told once the device wants to know, in the way that it
 * asks for: by HTTP (RFC 7616), else as a user name token; the password goes as a digest only, and once.
 */
export const soapCall = (call: SoapCall): Effect.Effect<XmlNode, SoapError> =>
  Effect.gen(function* () {
    const url = new URL(call.url)
    const { credentials } = call
    const answer = yield* post(url, envelope(call, ""), {})
    const open = bodyOf(answer)
    if (credentials === undefined) return yield* open
    return yield* Effect.catchIf(
      open,
      ({ reason }) => reason === "unauthorized",
      () => {
        const authorization = authorize(answer.challenges, credentials, "digest")
        const proven =
          authorization === undefined
            ? post(url, envelope(call, usernameToken(credentials, call.clockOffset ?? 0)), {})
            : post(url, envelope(call, ""), { authorization: authorization.header("POST", url.pathname + url.search) })
        return Effect.flatMap(proven, bodyOf)
      }
    )
  })
