import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Browser, chromium, type Locator, type Page, type WebSocketRoute } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Demo, startDemo } from "./Demo.js"

const executablePath = "/usr/bin/chromium"
const builtPage = join(import.meta.dirname, "../../dist/index.html")

const needs = [
  ...(existsSync(executablePath) ? [] : [" [needs chromium]"]),
  ...(existsSync(builtPage) ? [] : [" [needs the built web app: npm run build]"])
].join("")

const password = "correct horse battery staple"

/** What the browser says of a live view's video and of the canvas over it. */
interface Seen {
  readonly width: number
  readonly frames: number
  readonly boxes: number
}

const seen = (view: Locator): Promise<Seen> =>
  view.evaluate((element) => {
    const video = element.querySelector("video")
    return {
      width: video?.videoWidth ?? 0,
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      boxes: Number(element.querySelector("canvas")?.dataset["boxes"] ?? 0)
    }
  })

describe.skipIf(needs !== "")(`the page over vigil demo${needs}`, { timeout: 90_000 }, () => {
  let demo: Demo
  let browser: Browser
  let page: Page
  const errors: Array<string> = []
  /** The page's connections to the server, to be cut. */
  const sockets: Array<WebSocketRoute> = []
  let cut = false

  const view = (index: number): Locator => page.getByTestId("live-view").nth(index)
  const eventually = (check: () => Promise<unknown>, timeout = 30_000) => expect.poll(check, { timeout, interval: 200 })

  beforeAll(async () => {
    demo = await startDemo(150_000)
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync"
      ]
    })
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(60_000)
    page.on("pageerror", (error) => errors.push(error.message))
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) errors.push(message.text())
    })
    await page.routeWebSocket(/\/api\/v1\/rpc$/, (socket) => {
      if (cut) return void socket.close()
      socket.connectToServer()
      sockets.push(socket)
    })
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })

  it("creates the first administrator with the one-time link and shows the cameras", async () => {
    await page.goto(demo.setupLink)
    await page.getByLabel("User name").fill("admin")
    await page.getByLabel("Password", { exact: true }).fill(password)
    await page.getByLabel("Password again").fill(password)
    await page.getByRole("button", { name: "Create administrator" }).click()
    await page.getByTestId("camera-tile").first().waitFor()
    expect(await page.getByTestId("camera-tile").count()).toBeGreaterThanOrEqual(2)
  })

  it("plays live video in the tiles, with boxes drawn over it", async () => {
    await eventually(async () => (await seen(view(0))).width).toBeGreaterThan(0)
    await eventually(async () => (await seen(view(1))).width).toBeGreaterThan(0)
    const before = (await seen(view(0))).frames
    await eventually(async () => (await seen(view(0))).frames).toBeGreaterThan(before + 10)
    const boxes = async () => {
      const views = await page.getByTestId("live-view").all()
      return Math.max(...(await Promise.all(views.map(async (each) => (await seen(each)).boxes))))
    }
    await eventually(boxes, 60_000).toBeGreaterThan(0)
  })

  it("fills the feed with events as they happen", async () => {
    const newest = () => page.getByTestId("feed-event").first().getAttribute("data-event")
    await page.getByTestId("feed-event").first().waitFor({ timeout: 120_000 })
    const before = await newest()
    await eventually(newest, 60_000).not.toBe(before)
  })

  it("says when the server is gone, and goes on by itself when it is back", async () => {
    cut = true
    await Promise.all(sockets.splice(0).map((socket) => socket.close()))
    // A live view whose stream broke off says nearly the same.
    const banner = page.getByText(/^No connection to the server/)
    await banner.waitFor().finally(() => {
      cut = false
    })
    await banner.waitFor({ state: "detached" })
    const updated = () => page.getByTestId("summary").innerText()
    await eventually(updated).toMatch(/fps/)
    const newest = () => page.getByTestId("feed-event").first().getAttribute("data-event")
    const before = await newest()
    await eventually(newest, 60_000).not.toBe(before)
  })

  it("shows one camera large with its figures, and gives a picture of it", async () => {
    await page.getByTestId("camera-tile").first().click()
    await page.waitForURL(/\/cameras\/[0-9a-f-]+$/)
    await eventually(async () => (await seen(view(0))).width).toBeGreaterThan(0)
    await page.getByTestId("figures").getByText("H.264").waitFor()
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Snapshot" }).click()])
    expect(download.suggestedFilename()).toMatch(/\.jpg$/)
  })

  it("draws a zone by mouse and keyboard, and saves it", async () => {
    await page.getByRole("link", { name: "Edit" }).click()
    const zones = page.getByLabel("Name of the zone")
    await page.getByRole("button", { name: "Draw zone" }).waitFor()
    const before = await zones.count()
    await page.getByRole("button", { name: "Draw zone" }).click()
    const canvas = page.getByTestId("shape-canvas")
    const box = await canvas.boundingBox()
    if (box === null) throw new Error("the canvas is not shown")
    for (const [x, y] of [
      [0.2, 0.2],
      [0.8, 0.2],
      [0.5, 0.8]
    ] as const) {
      await page.mouse.click(box.x + x * box.width, box.y + y * box.height)
    }
    await page.getByRole("button", { name: "Finish zone" }).click()
    await page.getByTestId("handle").first().focus()
    await page.keyboard.press("ArrowLeft")
    await zones.nth(before).fill("Drawn")
    await page.getByRole("button", { name: "Save" }).click()
    await page.waitForURL(/\/cameras\/[0-9a-f-]+$/)
    await page.getByRole("link", { name: "Edit" }).click()
    await eventually(() => zones.count()).toBe(before + 1)
    expect(await zones.nth(before).inputValue()).toBe("Drawn")
  })

  it("draws a privacy mask: the picture that everybody sees is black there, and goes on", async () => {
    const masks = page.locator("section", { hasText: "Privacy masks" })
    const save = async () => {
      await page.getByRole("button", { name: "Save" }).click()
      await page.waitForURL(/\/cameras\/[0-9a-f-]+$/)
    }
    /** The brightest that something in the middle of the live picture is, and in its upper left corner. */
    const brightest = (): Promise<readonly [number, number]> =>
      view(0).evaluate((element) => {
        const video = element.querySelector("video")
        const canvas = document.createElement("canvas")
        canvas.width = 100
        canvas.height = 100
        const context = canvas.getContext("2d")
        if (video === null || context === null || video.videoWidth === 0) return [-1, -1] as const
        context.drawImage(video, 0, 0, 100, 100)
        const most = (x: number, y: number) =>
          Math.max(...context.getImageData(x, y, 20, 20).data.filter((_, at) => at % 4 !== 3))
        return [most(40, 40), most(2, 2)] as const
      })
    await masks.getByRole("button", { name: "Rectangle" }).click()
    await save()
    await eventually(async () => (await brightest())[0]).toBeGreaterThanOrEqual(0)
    await eventually(async () => (await brightest())[0] < 40).toBe(true)
    expect((await brightest())[1]).toBeGreaterThan(60)
    const { frames } = await seen(view(0))
    await eventually(async () => (await seen(view(0))).frames).toBeGreaterThan(frames + 10)
    await page.getByRole("link", { name: "Edit" }).click()
    await masks.getByRole("button", { name: "Remove Mask 1" }).click()
    await save()
    await eventually(async () => (await brightest())[0] > 60).toBe(true)
  })

  it("lists events, narrows them and acknowledges one", async () => {
    await page.getByRole("navigation").getByRole("link", { name: "Events" }).first().click()
    const rows = page.getByTestId("event-row")
    await rows.first().waitFor()
    const row = page.locator("[data-testid=event-row][data-status=NEW]").first()
    const id = await row.getAttribute("data-event")
    await row.getByRole("button", { name: "Acknowledge" }).click()
    await page.locator(`[data-event="${id}"][data-status=ACKNOWLEDGED]`).waitFor()
    await page.getByLabel("Status").selectOption("ACKNOWLEDGED")
    await page.waitForURL(/status=ACKNOWLEDGED/)
    await eventually(() => rows.evaluateAll((all) => [...new Set(all.map((each) => each.getAttribute("data-status")))])).toEqual([
      "ACKNOWLEDGED"
    ])
  })

  it("keeps tags, a ticket and notes of an event, and narrows the list to a tag", async () => {
    await page.goto(new URL("/events", page.url()).href)
    const id = await page.getByTestId("event-row").first().getAttribute("data-event")
    const row = page.locator(`[data-event="${id}"]`)
    await row.getByRole("button", { name: "Tag, note" }).click()
    await row.getByLabel("Tags", { exact: true }).fill("visitor,")
    await row.getByTestId("event-marks").getByRole("link", { name: "visitor" }).waitFor()
    await row.getByLabel("Ticket").fill("https://tickets.example.com/4711")
    await row.getByRole("button", { name: "Escalate" }).click()
    await row.getByTestId("event-marks").getByRole("link", { name: "4711" }).waitFor()
    await row.getByLabel("Note").fill("A parcel.\nIt was fetched.")
    await row.getByRole("button", { name: "Add note" }).click()
    await row.getByTestId("event-note").getByText("It was fetched.").waitFor()
    await row.getByTestId("event-marks").getByRole("link", { name: "visitor" }).click()
    await page.waitForURL(/tag=visitor/)
    await eventually(() => page.getByTestId("event-row").count()).toBe(1)
    await page.reload()
    await row.getByText("1 note").waitFor()
    expect(await page.getByLabel("Tag", { exact: true }).inputValue()).toBe("visitor")
    await row.getByRole("button", { name: "Tag, note" }).click()
    await row.getByRole("button", { name: "Take back" }).click()
    await row.getByRole("button", { name: "Escalate" }).waitFor()
    await row.getByRole("button", { name: "Remove visitor" }).click()
    await page.getByText("No such events").waitFor()
  })

  it("refuses a source that does not answer before it is saved", async () => {
    await page.goto(new URL("/cameras/new", page.url()).href)
    await page.getByLabel("Name", { exact: true }).fill("Nowhere")
    await page.getByLabel("Address").fill("rtsp://user:secret@127.0.0.1:1/none")
    await page.getByRole("button", { name: "Probe the stream" }).click()
    await page.getByText("The camera cannot be reached").waitFor()
    expect(await page.getByLabel("Address").inputValue()).toBe("rtsp://127.0.0.1:1/none")
  })

  it("tells which models there are", async () => {
    await page.getByRole("navigation").getByRole("link", { name: "Models" }).first().click()
    await page.locator("[data-testid=model][data-installed=true]").first().waitFor()
  })

  it("limits a user to a group of cameras, shows that user no others, and ends all views when the user is disabled", async () => {
    const send = (method: string, path: string, body: unknown) =>
      page.evaluate(
        async ([how, where, what]) => {
          const answer = await fetch(where, {
            method: how,
            headers: { "content-type": "application/json", "if-match": "*" },
            body: what
          })
          return { status: answer.status, text: await answer.text() }
        },
        [method, path, JSON.stringify(body)] as const
      )
    const listed = await page.evaluate(async () => (await fetch("/api/v1/cameras")).text())
    const [camera] = (JSON.parse(listed) as { readonly cameras: ReadonlyArray<{ readonly id: string; readonly name: string }> })
      .cameras
    expect((await send("PATCH", `/api/v1/cameras/${camera?.id}`, { groups: ["doors"] })).status).toBe(200)
    expect((await send("POST", "/api/v1/users", { username: "bert", role: "viewer", password })).status).toBe(201)

    const context = await browser.newContext()
    const other = await context.newPage()
    await other.goto(new URL("/login", page.url()).href)
    await other.getByLabel("User name").fill("bert")
    await other.getByLabel("Password").fill(password)
    await other.getByRole("button", { name: "Sign in" }).click()
    await other.getByTestId("camera-tile").first().waitFor()
    expect(await other.getByTestId("camera-tile").count()).toBeGreaterThanOrEqual(2)
    await eventually(async () => (await seen(other.getByTestId("live-view").nth(1))).frames).toBeGreaterThan(0)

    await page.reload()
    await page.getByRole("button", { name: "Account of admin" }).click()
    await page.getByRole("link", { name: "People" }).click()
    await page.getByRole("link", { name: "bert" }).click()
    await page.getByText("Nothing is chosen: bert sees all cameras.").waitFor()
    await page.getByLabel("doors").check()
    const id = /[0-9a-f-]{36}$/.exec(page.url())?.[0]
    const save = page.locator("section", { hasText: "Whose pictures" }).getByRole("button", { name: "Save" })
    expect((await send("PUT", `/api/v1/users/${id}/grants`, { places: [], groups: ["yard"] })).status).toBe(200)
    await save.click()
    await page.getByText("Somebody else changed this meanwhile").waitFor()
    await page.reload()
    await page.getByLabel("yard").uncheck()
    await page.getByLabel("doors").check()
    await page.getByText("bert sees the cameras of what is chosen, and nothing of others.").waitFor()
    await save.click()
    await page.getByText("Saved; what is open follows at once.").waitFor()

    await eventually(() => other.getByTestId("camera-tile").count()).toBe(1)
    await other
      .getByTestId("camera-tile")
      .getByText(camera?.name ?? "")
      .waitFor()
    await other.goto(new URL("/people", page.url()).href)
    await other.getByText("This page is for administrators.").waitFor()

    // A view of the page's own, so that nobody but the server ends it.
    await other.evaluate(async (id) => {
      const connection = new RTCPeerConnection()
      connection.addTransceiver("video", { direction: "recvonly" })
      await connection.setLocalDescription()
      const headers = { "content-type": "application/sdp" }
      const body = connection.localDescription?.sdp ?? ""
      const answer = await fetch(`/api/v1/cameras/${id}/whep`, { method: "POST", headers, body })
      await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() })
      Object.assign(window, { connection })
    }, camera?.id)
    const received = () =>
      other.evaluate(async () => {
        const connection: unknown = Reflect.get(window, "connection")
        if (!(connection instanceof RTCPeerConnection)) return 0
        const reports = [...(await connection.getStats()).values()] as ReadonlyArray<Record<string, unknown>>
        return Number(reports.find(({ type }) => type === "inbound-rtp")?.["packetsReceived"] ?? 0)
      })
    const before = await received()
    await eventually(received).toBeGreaterThan(before + 20)
    expect((await send("PATCH", `/api/v1/users/${id}`, { disabled: true })).status).toBe(200)
    await other.waitForURL(/\/login/)
    await eventually(async () => {
      const first = await received()
      await other.waitForTimeout(1_000)
      return (await received()) - first
    }).toBe(0)
    await context.close()
  })

  it("fits a phone", async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    for (const path of ["/", "/events", "/models", "/cameras/new", "/people"]) {
      await page.goto(new URL(path, page.url()).href)
      await page.getByRole("heading", { level: 1 }).waitFor()
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow, path).toBeLessThanOrEqual(0)
    }
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  it("leads to the log-in page and back after the session ended", async () => {
    await page.goto(new URL("/events", page.url()).href)
    await page.getByRole("heading", { name: "Events" }).waitFor()
    await page.context().clearCookies()
    await Promise.all(sockets.splice(0).map((socket) => socket.close()))
    await page.waitForURL(/\/login/)
    await page.getByLabel("User name").fill("admin")
    await page.getByLabel("Password").fill(password)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.waitForURL(/\/events$/)
    await page.getByTestId("event-row").first().waitFor()
  })

  it("met no error and no breach of the content security policy", () => {
    expect(errors).toEqual([])
  })
})
