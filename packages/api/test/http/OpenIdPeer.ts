import { Effect } from "effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Provider } from "oidc-provider"

/** What the provider says of its people, by their names there. */
export type People = Record<string, Readonly<Record<string, unknown>>>

export const clientId = "vigil"
export const clientSecret = "a secret of the client, 32 bytes and more"

const listen = () =>
  new Promise<Server>((ready) => {
    const server = createServer().listen(0, "127.0.0.1", () => ready(server))
  })

/** A real OpenID provider (certified `oidc-provider`) whose people are `people`, who all have any password. */
export const openIdPeer = (people: People, redirectUri: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = await listen()
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other form of address
      const { port } = server.address() as AddressInfo
      // Another site than 127.0.0.1 to browsers: their cookies are as they are with a provider elsewhere.
      const issuer = `http://localhost:${port}`
      const provider = new Provider(issuer, {
        clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
        claims: {
          openid: ["sub"],
          profile: ["name", "preferred_username", "roles", "realm_access"],
          email: ["email", "email_verified"]
        },
        findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
        pkce: { required: () => true },
        cookies: { keys: ["a key of this test"] }
      })
      const answer = provider.callback()
      server.on("request", (request, response) => void answer(request, response))
      return { issuer, server }
    }),
    ({ server }) =>
      Effect.promise(() => {
        server.closeAllConnections()
        return new Promise<void>((closed) => server.close(() => closed()))
      })
  )

type Jar = Map<string, string>

const keep = (jar: Jar, response: Response): void => {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ""] = line.split(";")
    const at = pair.indexOf("=")
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    if (value === "" || /max-age=0/i.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
}

/** A browser without a screen: keeps cookies by host, follows redirects, fills in the provider's forms with a name. */
export const browser = () => {
  const jars = new Map<string, Jar>()
  const jarOf = (url: URL): Jar => {
    const known = jars.get(url.host) ?? new Map<string, string>()
    jars.set(url.host, known)
    return known
  }

  const go = async (url: URL, body?: URLSearchParams): Promise<Response> => {
    const jar = jarOf(url)
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(body === undefined ? {} : { method: "POST", body })
    })
    keep(jar, response)
    return response
  }

  /** Signs in as `name`, until an address that `isEnd` is reached; that address, and what was answered there. */
  const visit = async (from: string, name: string, isEnd: (url: URL) => boolean) => {
    let url = new URL(from)
    let body: URLSearchParams | undefined
    for (let steps = 0; steps < 20; steps++) {
      const response = await go(url, body)
      body = undefined
      const location = response.headers.get("location")
      const reached = url
      if (location !== null) url = new URL(location, url)
      if (isEnd(reached)) return { reached, response, next: url }
      if (location !== null) continue
      const page = await response.text()
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
      if (action === undefined || prompt === undefined)
        throw new Error(`${url.href} answered ${response.status}: ${page.slice(0, 300)}`)
      url = new URL(action, url)
      body = new URLSearchParams(prompt === "login" ? { prompt, login: name, password: "any" } : { prompt })
    }
    throw new Error(`no end was reached from ${from}`)
  }

  return { visit, cookies: (url: string) => jarOf(new URL(url)) }
}
