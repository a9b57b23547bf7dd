import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { extname, join, posix, relative, sep } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { problemResponse } from "./ProblemResponse.js"
import { isKnown } from "./EntityTag.js"

interface StaticFile {
  readonly type: string
  readonly etag: string
  readonly immutable: boolean
  readonly plain: Uint8Array
  readonly gzipped: Uint8Array | undefined
}

const compress = promisify(gzip)

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".map": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm"
}

const compressible: ReadonlySet<string> = new Set([
  ".html",
  ".js",
  ".css",
  ".json",
  ".webmanifest",
  ".svg",
  ".map",
  ".txt",
  ".wasm"
])

/** Vite puts a hash of its content into the name of every file below this folder. */
const hashedFolder = "/assets/"

const load = async (folder: string, path: string): Promise<StaticFile> => {
  const plain = await readFile(join(folder, path))
  const extension = extname(path)
  const gzipped = compressible.has(extension) ? await compress(plain, { level: 9 }) : undefined
  return {
    type: types[extension] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
    immutable: path.startsWith(hashedFolder),
    plain,
    gzipped: gzipped !== undefined && gzipped.length < plain.length ? gzipped : undefined
  }
}

const loadAll = async (folder: string): Promise<ReadonlyMap<string, StaticFile>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join("/", relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/")))
  return new Map(await Promise.all(paths.map(async (path) => [path, await load(folder, path)] as const)))
}

const respond = (file: StaticFile, request: HttpServerRequest.HttpServerRequest) => {
  const headers = {
    etag: file.etag,
    vary: "accept-encoding",
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache"
  }
  if (isKnown(request.headers["if-none-match"], file.etag)) return HttpServerResponse.empty({ status: 304, headers })
  const wantsGzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "")
  return file.gzipped !== undefined && wantsGzip
    ? HttpServerResponse.uint8Array(file.gzipped, { headers: { ...headers, "content-encoding": "gzip" }, contentType: file.type })
    : HttpServerResponse.uint8Array(file.plain, { headers, contentType: file.type })
}

const notBuilt = HttpServerResponse.text("The web page is not built. Run: npm run build\n", { status: 503 })
const nothing = problemResponse({
  status: 404,
  kind: "no-route",
  title: "Not found",
  detail: "There is nothing at this address."
})

/** Addresses that are no pages of the app, even where nothing answers there. */
const notPages = /^\/(api|health|metrics|docs|assets)(\/|$)/

/**
 * Serves the web app in `folder`, read once into memory: no request touches the disk, none leaves the folder. An address without a file
 * is a page of the app, which reads it.
 */
export const staticFiles = (folder: string) =>
  Effect.gen(function* () {
    const files = yield* Effect.tryPromise(() => loadAll(folder)).pipe(
      Effect.catchAll((error) =>
        Effect.as(Effect.logWarning(`no web page in ${folder}: ${String(error.error)}`), new Map<string, StaticFile>())
      )
    )
    const index = files.get("/index.html")
    return Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
      const path = request.url.split("?")[0] ?? "/"
      const file = files.get(path)
      if (file !== undefined) return respond(file, request)
      if (notPages.test(path)) return nothing
      return index === undefined ? notBuilt : respond(index, request)
    })
  })
