/// <reference lib="dom" />
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { chromium, type Page } from "playwright-core"
import { startSite, untilStatus } from "./PublishedSite.js"

const executablePath = "/usr/bin/chromium"
const needs = existsSync(executablePath) ? "" : " [needs chromium]"

/** A page of another site. */
const elsewhere = Effect.acquireRelease(
  Effect.async<ReturnType<typeof createServer>>((resume) => {
    const server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<title>publisher</title>"))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

const openPage = Effect.gen(function* () {
  const server = yield* elsewhere
  const address = server.address()
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() =>
      chromium.launch({
        executablePath,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-background-networking",
          "--use-fake-device-for-media-stream",
          "--use-fake-ui-for-media-stream"
        ]
      })
    ),
    (open) => Effect.promise(() => open.close())
  )
  return yield* Effect.promise(async () => {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`)
    return page
  })
})

/** What any WHIP client does (RFC 9725), in as few words as possible. Answers the publication's address. */
const publishFrom = (page: Page, endpoint: string, token: string) =>
  page.evaluate(
    async ({ endpoint, token }) => {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 15 }, audio: true })
      const connection = new RTCPeerConnection()
      for (const track of media.getTracks()) connection.addTransceiver(track, { direction: "sendonly", streams: [media] })
      await connection.setLocalDescription()
      await new Promise<void>((resolve) => {
        const look = () => connection.iceGatheringState === "complete" && resolve()
        connection.onicegatheringstatechange = look
        look()
      })
      const offer = connection.localDescription?.sdp ?? ""
      const answer = await fetch(endpoint, {
        method: "POST",
        body: offer,
        headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` }
      })
      if (answer.status !== 201) return { status: answer.status, location: "", offer, text: await answer.text() }
      const text = await answer.text()
      await connection.setRemoteDescription({ type: "answer", sdp: text })
      const location = new URL(answer.headers.get("location") ?? "", endpoint).href
      return { status: answer.status, location, offer, text }
    },
    { endpoint, token }
  )

describe.skipIf(needs !== "")(`a browser as a publisher${needs}`, () => {
  it.scopedLive(
    "pushes its camera and microphone to Vigil",
    () =>
      Effect.gen(function* () {
        const site = yield* startSite()
        const { id, token } = yield* site.published("Browser")
        const page = yield* openPage
        const endpoint = `${site.url}/api/v1/cameras/${id}/whip`
        const refused = yield* Effect.promise(() => publishFrom(page, endpoint, "x".repeat(43)))
        expect(refused.status).toBe(401)
        const { location, status, text } = yield* Effect.promise(() => publishFrom(page, endpoint, token))
        expect(status, text).toBe(201)
        const seen = yield* untilStatus(site, id, "decoded", ({ pipeline }) => pipeline.framesDecoded > 20)
        expect(seen.description).toMatchObject({
          protocol: "WHIP",
          tracks: [
            { kind: "video", codec: "h264", width: expect.any(Number) },
            { kind: "audio", codec: "opus" }
          ]
        })
        const ended = yield* Effect.promise(() =>
          page.evaluate(
            async ({ location, token }) =>
              (await fetch(location, { method: "DELETE", headers: { authorization: `Bearer ${token}` } })).status,
            { location, token }
          )
        )
        expect(ended).toBe(204)
        yield* untilStatus(site, id, "ended", ({ state }) => state._tag === "BackingOff")
      }),
    400_000
  )
})
