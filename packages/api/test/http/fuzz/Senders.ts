import { Effect, Predicate } from "effect"
import { OpenAPIClientAxios } from "openapi-client-axios"
import type { JsonObject } from "./JsonSchemaArbitrary.js"
import type { Received } from "./Judge.js"
import type { Operation } from "./Operations.js"
import type { Shot } from "./Shots.js"

type Send = (shot: Shot, id: string, cookie: string | undefined) => Effect.Effect<Received>

/** Milliseconds within which everything is answered. */
const patience = 10_000

const pathOf = (operation: Operation, id: string) => Object.fromEntries(operation.pathParameters.map((name) => [name, id]))

const textOf = (value: unknown): string => (Predicate.isString(value) ? value : JSON.stringify(value))

const texts = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]))

const headersOf = (shot: Shot, cookie: string | undefined): Record<string, string> => {
  // HTTP carries no other characters.
  const carried = Object.entries(shot.headers).filter(([, value]) => /^[\x21-\x7e]{1,200}$/.test(textOf(value)))
  return {
    ...Object.fromEntries(carried.map(([name, value]) => [name, textOf(value)])),
    ...(cookie === undefined ? {} : { cookie })
  }
}

/** No answer at all is an answer that no document has. `fetch` says in the causes alone what happened. */
const orNone = (error: unknown): Received => ({ status: 0, contentType: "", text: told(error) })

const told = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `${String(error)}: ${told(error.cause)}` : String(error)

/** The server closed a connection that was kept, just when it was used again: no byte of an answer came. */
const isClosed = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && (error.code === "ECONNRESET" || error.code === "UND_ERR_SOCKET" || error.code === "EPIPE")) ||
    isClosed(error.cause))

/** Sends once more where the connection was closed before an answer began, as clients do (RFC 9112 9.3.1). */
const sent = async <A>(send: () => Promise<A>): Promise<A> => {
  try {
    return await send()
  } catch (error) {
    if (isClosed(error)) return send()
    throw error
  }
}

/** Sends by a client that was generated from the document. */
export const makeGeneratedClient = (document: JsonObject, url: string): Effect.Effect<Send> =>
  Effect.promise(async () => {
    const generator = new OpenAPIClientAxios({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the document is one of OpenAPI 3.1
      definition: document as unknown as Exclude<ConstructorParameters<typeof OpenAPIClientAxios>[0]["definition"], string>,
      withServer: { url },
      axiosConfigDefaults: {
        validateStatus: () => true,
        maxRedirects: 0,
        timeout: patience,
        responseType: "text",
        transformResponse: (text: unknown) => text
      }
    })
    const client = await generator.init()
    return (shot, id, cookie) =>
      Effect.promise(async () => {
        const { operation } = shot
        const headers = {
          ...headersOf(shot, cookie),
          ...(operation.body === undefined ? {} : { "content-type": operation.body.contentType })
        }
        const parameters = {
          ...pathOf(operation, decodeURIComponent(id)),
          ...texts(shot.query)
        }
        const call = client[operation.id]
        if (call === undefined) return orNone(`no such operation: ${operation.id}`)
        try {
          const { data, headers: answered, status } = await sent(() => call(parameters, shot.body, { headers }))
          return { status, contentType: String(answered["content-type"] ?? ""), text: String(data ?? "") }
        } catch (error) {
          return orNone(error)
        }
      })
  })

/** Sends anything. */
export const makeRawClient =
  (url: string): Send =>
  (shot, id, cookie) =>
    Effect.promise(async () => {
      const { operation } = shot
      const query = new URLSearchParams(texts(shot.query))
      const place = operation.path.replace(/\{\w+\}/g, id)
      const contentType = operation.body?.contentType
      const body = shot.bytes === undefined ? JSON.stringify(shot.body) : Uint8Array.from(shot.bytes)
      const send = () =>
        fetch(`${url}${place}?${query.toString()}`, {
          method: operation.method,
          headers: { ...headersOf(shot, cookie), ...(contentType === undefined ? {} : { "content-type": contentType }) },
          ...(contentType === undefined || body === undefined ? {} : { body }),
          redirect: "manual",
          signal: AbortSignal.timeout(patience)
        })
      try {
        const response = await sent(send)
        return { status: response.status, contentType: response.headers.get("content-type") ?? "", text: await response.text() }
      } catch (error) {
        return orNone(error)
      }
    })
