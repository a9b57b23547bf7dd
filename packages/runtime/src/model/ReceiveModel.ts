import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { type ModelDescriptor, ModelError } from "@vigil/core/Model"
import { Effect } from "effect"

/** Told how much of how much is here. */
export type OnProgress = (received: number, total: number) => void

export interface ReceiveLimits {
  /** Milliseconds without a byte after which a server counts as gone. */
  readonly idle: number
}

export const defaultReceiveLimits: ReceiveLimits = { idle: 30_000 }

/**
 * Fetches a descriptor's file from an address (http, https or file) into the new file `target`. Never writes more than the descriptor's size; the file is
 * synchronised and has the descriptor's sha256 when this succeeds, else it fails with `download`, `checksum` or `storage`.
 */
export const download = (
  descriptor: ModelDescriptor,
  from: string | undefined,
  target: string,
  onProgress: OnProgress,
  limits: ReceiveLimits = defaultReceiveLimits
): Effect.Effect<void, ModelError> => {
  const { bytes, sha256 } = descriptor
  if (from === undefined) {
    const what = `the file of ${bytes} bytes with the sha256 ${sha256}`
    return Effect.fail(
      failing(descriptor, "download")(`the catalogue has no address for it: say with --from URL|FILE where ${what} is`)
    )
  }
  if (!URL.canParse(from)) return Effect.fail(failing(descriptor, "descriptor")("its url cannot be read"))
  const url = new URL(from)
  if (url.username !== "" || url.password !== "") {
    return Effect.fail(failing(descriptor, "descriptor")("its url has a user name or password, which are not sent"))
  }
  switch (url.protocol) {
    case "file:":
      return copyInto(descriptor, fileURLToPath(url), target, onProgress)
    case "http:":
    case "https:":
      return attempt(descriptor, (interrupted) => overHttp(descriptor, url, target, onProgress, limits, interrupted))
    default:
      return Effect.fail(
        failing(descriptor, "descriptor")(`its url is ${url.protocol}//..., only http, https and file are fetched`)
      )
  }
}

/** Copies a file of this machine into the new file `target`, with the same checks. */
export const copyInto = (
  descriptor: ModelDescriptor,
  file: string,
  target: string,
  onProgress: OnProgress
): Effect.Effect<void, ModelError> =>
  attempt(descriptor, async (interrupted) => {
    const chunks = createReadStream(file, { signal: interrupted })
    await write(descriptor, chunks, target, onProgress, (cause) =>
      failing(descriptor, "storage")(`cannot read ${file}: ${messageOf(cause)}`)
    )
  })

const overHttp = async (
  descriptor: ModelDescriptor,
  url: URL,
  target: string,
  onProgress: OnProgress,
  limits: ReceiveLimits,
  interrupted: AbortSignal
): Promise<void> => {
  // Without user name, password and query: they may be secret.
  const place = `${url.origin}${url.pathname}`
  const fail = failing(descriptor, "download")
  const idle = new AbortController()
  const timer = setTimeout(() => idle.abort(new Error(`nothing came for ${limits.idle} ms`)), limits.idle)
  const lost = (cause: unknown) => fail(`${place}: ${messageOf(idle.signal.aborted ? idle.signal.reason : cause)}`)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([interrupted, idle.signal]) }).catch((cause: unknown) => {
      throw lost(cause)
    })
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      throw fail(`${place} answered ${response.status} ${response.statusText}`)
    }
    const promised = response.headers.get("content-length")
    if (promised !== null && !response.headers.has("content-encoding") && Number(promised) !== descriptor.bytes) {
      await response.body.cancel()
      throw failing(descriptor, "checksum")(`${place} offers ${promised} bytes, the descriptor says ${descriptor.bytes}`)
    }
    const progress: OnProgress = (received, total) => {
      timer.refresh()
      onProgress(received, total)
    }
    await write(descriptor, response.body, target, progress, lost)
  } finally {
    clearTimeout(timer)
  }
}

const write = async (
  descriptor: ModelDescriptor,
  chunks: AsyncIterable<unknown>,
  target: string,
  onProgress: OnProgress,
  lost: (cause: unknown) => ModelError
): Promise<void> => {
  const checksum = failing(descriptor, "checksum")
  const file = await open(target, "wx").catch((cause: unknown) => {
    throw failing(descriptor, "storage")(`cannot write ${target}: ${messageOf(cause)}`)
  })
  try {
    const hash = createHash("sha256")
    let received = 0
    for await (const chunk of failingAs(chunks, lost)) {
      received += chunk.length
      if (received > descriptor.bytes) throw checksum(`the file is larger than the ${descriptor.bytes} bytes of its descriptor`)
      hash.update(chunk)
      await append(file, chunk, target, descriptor)
      onProgress(received, descriptor.bytes)
    }
    if (received < descriptor.bytes) throw checksum(`the file ends after ${received} of ${descriptor.bytes} bytes`)
    const sha256 = hash.digest("hex")
    if (sha256 !== descriptor.sha256) throw checksum(`the file's sha256 is ${sha256}, the descriptor says ${descriptor.sha256}`)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function* failingAs(chunks: AsyncIterable<unknown>, lost: (cause: unknown) => ModelError): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) if (chunk instanceof Uint8Array) yield chunk
  } catch (cause) {
    throw lost(cause)
  }
}

const append = async (file: FileHandle, chunk: Uint8Array, target: string, descriptor: ModelDescriptor): Promise<void> => {
  await file.writeFile(chunk).catch((cause: unknown) => {
    throw failing(descriptor, "storage")(`cannot write ${target}: ${messageOf(cause)}`)
  })
}

const attempt = (
  descriptor: ModelDescriptor,
  run: (interrupted: AbortSignal) => Promise<void>
): Effect.Effect<void, ModelError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => (cause instanceof ModelError ? cause : failing(descriptor, "storage")(messageOf(cause)))
  })

const failing =
  ({ id }: ModelDescriptor, reason: ModelError["reason"]) =>
  (detail: string) =>
    new ModelError({ model: id, reason, detail })

/** `fetch` says only "fetch failed" and hides the reason in its cause. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
