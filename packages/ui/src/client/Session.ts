import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { User } from "@vigil/core/User"
import { Schema } from "effect"

/** The server refused a request over HTTP (RFC 9457 problem details) or did not answer (`status` 0). */
export class HttpRefused extends Error {
  readonly status: number
  /** The problem's type without its prefix, for example `live-view-codec`; empty where the server named none. */
  readonly kind: string

  constructor(status: number, kind: string, detail: string) {
    super(detail)
    this.name = "HttpRefused"
    this.status = status
    this.kind = kind
  }
}

/** What of a problem is used here; the contract's `Problem` has the whole. */
const Problem = Schema.parseJson(
  Schema.Struct({
    type: Schema.String,
    title: Schema.String,
    detail: Schema.optional(Schema.String),
    errors: Schema.optional(Schema.Array(Schema.Struct({ detail: Schema.String })))
  })
)

const decodeProblem = Schema.decodeUnknownEither(Problem)

const refusal = async (response: Response): Promise<HttpRefused> => {
  const problem = decodeProblem(await response.text())
  if (problem._tag === "Left") return new HttpRefused(response.status, "", `The server answered with ${response.status}.`)
  const { type, title, detail = title, errors = [] } = problem.right
  const more = errors.map((error) => error.detail).filter((said) => !detail.includes(said))
  return new HttpRefused(response.status, type.replace("urn:vigil:problem:", ""), [detail, ...more].join(" "))
}

/** A request of this page's own server; rejects with `HttpRefused` unless it answers with 2xx. */
export const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(path, { credentials: "same-origin", ...init })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause
    throw new HttpRefused(0, "", "The server does not answer. Is Vigil running, and the network up?")
  }
  if (!response.ok) throw await refusal(response)
  return response
}

export const sendJson = (path: string, method: string, body: unknown): Promise<Response> =>
  request(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

/** Asks this page's server for what fits a schema. */
export const asking = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownPromise(schema)
  return async (path: string, init?: RequestInit): Promise<A> => decode(await (await request(path, init)).json())
}

const decodeUser = Schema.decodeUnknownPromise(User)
const decodeNeeded = Schema.decodeUnknownPromise(Schema.Struct({ needed: Schema.Boolean }))

/** Who is signed in; `null` for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<User | null> => {
    try {
      return await decodeUser(await (await request("/api/v1/session", { signal })).json())
    } catch (error) {
      if (error instanceof HttpRefused && error.status === 401) return null
      throw error
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: false
})

/** Whether the installation waits for its first administrator. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: async ({ signal }) => {
    const { needed } = await decodeNeeded(await (await request("/api/v1/setup", { signal })).json())
    return needed
  },
  retry: false
})

/** With a `code` of the second factor, once the server asked for one (`code-needed`). */
export const signIn = async (client: QueryClient, username: string, password: string, code?: string): Promise<void> => {
  await sendJson("/api/v1/session", "POST", { username, password, ...(code === undefined ? {} : { code }) })
  // What is known of the account before is perhaps another's.
  client.removeQueries({ queryKey: sessionQuery.queryKey })
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
}

/** Redeems the one-time link; the first administrator is signed in afterwards. */
export const setUp = async (client: QueryClient, token: string, username: string, password: string): Promise<void> => {
  await sendJson("/api/v1/setup", "POST", { token, username, password })
  const user = await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
  if (user === null) await signIn(client, username, password)
}

export const signOut = async (client: QueryClient): Promise<void> => {
  await request("/api/v1/session", { method: "DELETE" })
  client.clear()
  client.setQueryData(sessionQuery.queryKey, null)
}
