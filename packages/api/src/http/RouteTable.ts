import * as HttpApi from "@effect/platform/HttpApi"
import { VigilApi } from "@vigil/core/contract/VigilApi"

/**
 * Who may use a route outside of `VigilApi`: anybody, whoever has a session, an edge, or also whoever has the metrics token. Everything that is
 * not listed needs a session by `VigilApi` itself.
 */
export const rawRoutes = [
  { method: "GET", path: "/api/v1/rpc", access: "session" },
  { method: "GET", path: "/api/v1/edge/rpc", access: "edge" },
  { method: "GET", path: "/api/v1/openapi.json", access: "session" },
  { method: "GET", path: "/docs", access: "session" },
  { method: "GET", path: "/metrics", access: "metrics" },
  { method: "GET", path: "/*", access: "public" }
] as const

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`)

const routes = (() => {
  const found: Array<{ readonly method: string; readonly path: string }> = rawRoutes.filter(({ path }) => path !== "/*")
  HttpApi.reflect(VigilApi, { onGroup: () => undefined, onEndpoint: ({ endpoint }) => found.push(endpoint) })
  return found.map(({ method, path }) => ({ method, pattern: patternOf(path) }))
})()

/** What can be done at an address, for `Allow` (RFC 9110 10.2.1); nothing where there is nothing. */
export const methodsAt = (url: string): ReadonlyArray<string> => {
  const path = url.split("?")[0] ?? ""
  const methods = new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))
  if (methods.has("GET")) methods.add("HEAD")
  return methods.size === 0 ? [] : [...methods, "OPTIONS"].sort()
}
