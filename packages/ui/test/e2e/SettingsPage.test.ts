/// <reference lib="dom" />
import { wrongOutput } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Demo, startDemo } from "./Demo.js"

const executablePath = "/usr/bin/chromium"
const builtPage = join(import.meta.dirname, "../../dist/index.html")

const needs = [
  ...(existsSync(executablePath) ? [] : [" [needs chromium]"]),
  ...(existsSync(builtPage) ? [] : [" [needs the built web app: npm run build]"])
].join("")

const password = "correct horse battery staple"

describe.skipIf(needs !== "")(`the pages of settings, models, licence and nodes${needs}`, { timeout: 180_000 }, () => {
  let vigil: Demo
  let browser: Browser
  let page: Page

  const eventually = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 60_000, interval: 100 })

  beforeAll(async () => {
    vigil = await startDemo(100_000, "up")
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] })
    const setup = new URL(vigil.setupLink)
    const context = await browser.newContext({ baseURL: setup.origin, viewport: { width: 1100, height: 900 } })
    const send = async (path: string, data: object) => {
      const answer = await context.request.post(`/api/v1${path}`, { data, headers: { origin: setup.origin } })
      expect(answer.ok(), await answer.text()).toBe(true)
    }
    await send("/setup", { token: setup.searchParams.get("token"), username: "root", password })
    await send("/places", { kind: "site", name: "North" })
    const places = (await (await context.request.get("/api/v1/places")).json()) as ReadonlyArray<{ readonly id: string }>
    await send("/cameras", { name: "Gate", url: "rtsp://192.0.2.7/1", enabled: false, placeId: places[0]?.id })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
  }, 150_000)

  afterAll(async () => {
    await browser?.close()
    await vigil?.stop()
  }, 60_000)

  const origin = () => new URL(vigil.setupLink).origin
  const patch = (path: string, data: object) => page.request.patch(`/api/v1${path}`, { data, headers: { origin: origin() } })
  const listed = async () =>
    (await (await page.request.get("/api/v1/cameras")).json()) as {
      readonly cameras: ReadonlyArray<{ readonly id: string; readonly placeId: string }>
    }
  const row = (key: string) => page.getByTestId(`setting ${key}`)
  const said = async (key: string) => {
    const [value, words] = [row(key).getByTestId("value"), row(key)]
    return [await value.textContent(), await words.textContent()].join(" | ")
  }
  const change = async (key: string, label: string, typed: string) => {
    await row(key)
      .getByRole("button", { name: `Change ${key}` })
      .click()
    await row(key).getByLabel(label).fill(typed)
    await row(key).getByRole("button", { name: "Save" }).click()
  }
  const look = (at: string) => page.getByLabel("What holds for").selectOption({ label: at })

  it("shows what holds and who says so, from all cameras over the site to the camera", async () => {
    await page.goto("/")
    await page.getByRole("button", { name: "Account of root" }).click()
    await page.getByRole("link", { name: "Settings" }).click()
    await eventually(() => said("segment.duration")).toMatch(/^5 \| .*Default/)
    await change("segment.duration", "Duration", "3")
    await eventually(() => said("segment.duration")).toMatch(/^3 \| .*From all cameras.*Without that: 5/)
    await look("North")
    await eventually(() => said("segment.duration")).toMatch(/^3 \| .*From all cameras/)
    await change("segment.duration", "Duration", "4")
    await eventually(() => said("segment.duration")).toMatch(/^4 \| .*From North/)
    await look("Gate")
    await eventually(() => said("segment.duration")).toMatch(/^4 \| .*From North/)
    expect(await row("segment.duration").getByRole("button", { name: "Take back" }).count()).toBe(0)
    await look("North")
    await row("segment.duration").getByRole("button", { name: "Take back" }).click()
    await eventually(() => said("segment.duration")).toMatch(/^3 \| .*From all cameras/)
  })

  it("tells who changed what, and goes back to a version once what that changes was seen", async () => {
    await look("All cameras")
    const history = page.getByTestId("history")
    const version = (number: number) => history.getByTestId("version").filter({ hasText: new RegExp(`^${number} `) })
    const restore = (number: number) => history.getByRole("group", { name: `Restore version ${number}` })
    await change("segment.duration", "Duration", "6")
    await history.locator("summary").click()
    await version(2).getByText("by root").waitFor()
    await version(2).getByRole("button", { name: "Changes of version 2" }).click()
    await eventually(() => version(2).getByTestId("differences").innerText()).toMatch(/segment\.duration\s+3\s*→\s*became\s*6/)
    await version(1).getByRole("button", { name: "Restore version 1" }).click()
    await eventually(() => restore(1).getByTestId("differences").innerText()).toMatch(/segment\.duration\s+6\s*→\s*became\s*3/)
    // Somebody is faster: what was seen is not what there is.
    const changed = await patch("/settings/tenant", { "segment.overlap": 1 })
    expect(changed.ok()).toBe(true)
    await restore(1).getByRole("button", { name: "Restore" }).click()
    await restore(1).getByText("Somebody else changed this meanwhile").waitFor()
    expect(await said("segment.duration")).toMatch(/^6 /)
    await page.reload()
    await history.locator("summary").click()
    await version(2).getByRole("button", { name: "Restore version 2" }).click()
    await eventually(() => restore(2).getByTestId("differences").innerText()).toMatch(/segment\.overlap/)
    await restore(2).getByRole("button", { name: "Restore" }).click()
    await version(4).getByText("Went back to version 2").waitFor()
    await version(1).getByRole("button", { name: "Restore version 1" }).click()
    await restore(1).getByRole("button", { name: "Restore" }).click()
    await eventually(() => said("segment.duration")).toMatch(/^3 \|/)
  })

  it("finds settings by words and groups, and keeps that in the address", async () => {
    const rows = page.locator("[data-testid^='setting ']")
    const all = await rows.count()
    expect(all).toBeGreaterThan(50)
    await page.getByLabel("Search settings").fill("seconds segment")
    await eventually(() => row("segment.duration").count()).toBe(1)
    await eventually(() => rows.count()).toBeLessThan(all / 2)
    await page.getByLabel("Group").selectOption({ label: "Segments for workers (2)" })
    await eventually(() => rows.count()).toBe(2)
    await page.reload()
    await eventually(() => rows.count()).toBe(2)
    await page.getByText("2 of").waitFor()
    await page.getByLabel("Search settings").fill("no such thing")
    await page.getByText("No setting fits what you search for.").waitFor()
    await page.getByRole("button", { name: "Show all" }).click()
    await eventually(() => rows.count()).toBe(all)
  })

  it("has a like history of cameras and places", async () => {
    const [camera] = (await listed()).cameras
    await patch(`/cameras/${camera?.id}`, { name: "Gate 2", placeId: null })
    await patch(`/places/${camera?.placeId}`, { name: "Far north" })
    await page.goto(`/cameras/${camera?.id}`)
    await page.getByRole("heading", { name: "Gate 2" }).waitFor()
    await page.getByTestId("history").locator("summary").click()
    await page.getByRole("button", { name: "Restore version 1" }).click()
    await eventually(() => page.getByTestId("differences").innerText()).toMatch(
      /Name\s+Gate 2[^]*Gate\s[^]*Place\s+nothing[^]*Far north/
    )
    await page.getByRole("button", { name: "Restore", exact: true }).click()
    await page.getByRole("heading", { name: "Gate", exact: true }).waitFor()
    await page.getByRole("link", { name: "Far north" }).waitFor()
    await page.goto("/places")
    await page.getByRole("button", { name: "History of Far north" }).click()
    await page.getByRole("button", { name: "Restore version 1" }).click()
    await page.getByRole("button", { name: "Restore", exact: true }).click()
    await page.getByText("North", { exact: true }).waitFor()
  })

  it("is reached from the form of a camera", async () => {
    await page.goto("/")
    await page.getByRole("link", { name: "Gate" }).first().click()
    await page.waitForURL(/\/cameras\/[0-9a-f-]{36}/)
    await page.goto(`${page.url()}/edit`)
    await page.getByRole("link", { name: "What it inherits" }).click()
    await eventually(() => page.getByLabel("What holds for").locator("option:checked").textContent()).toBe("Gate")
    await eventually(() => said("segment.duration")).toMatch(/^3 \| .*From all cameras/)
  })

  it("asks for choices, lists and JSON, and says what does not fit", async () => {
    await look("All cameras")
    await row("detection.gate").getByRole("button", { name: "Change detection.gate" }).click()
    await row("detection.gate").getByLabel("Gate").selectOption("always")
    await row("detection.gate").getByRole("button", { name: "Save" }).click()
    await eventually(() => said("detection.gate")).toMatch(/^always \|/)
    await change("notification.INTRUSION.channels", "Channels", "email, sms")
    await eventually(() => said("notification.INTRUSION.channels")).toMatch(/^\["email","sms"\] \|/)
    await change("notification.quietHours", "JSON", '[{"from":"25:00","to":"06:00"}]')
    await eventually(async () => (await row("notification.quietHours").getByRole("alert").textContent()) ?? "").toContain(
      "setting notification.quietHours"
    )
    await page.getByRole("button", { name: "Read again" }).click()
    await page.reload()
    await eventually(() => said("detection.gate")).toMatch(/^always \|/)
  })

  it("takes a model of one's own: progress, verdict, activation, quarantine with its reason, cameras that name it", async () => {
    const size = { width: 320, height: 320 }
    const send = async (version: string, buffer: Buffer) => {
      await page.getByRole("button", { name: "Upload a model" }).click()
      await page
        .getByLabel("Choose a file")
        .setInputFiles({ name: "Fork Lifts.onnx", mimeType: "application/octet-stream", buffer })
      await eventually(() => page.getByLabel("Model", { exact: true }).inputValue()).toBe("fork-lifts")
      await page.getByLabel("Version").fill(version)
      await page.getByRole("button", { name: "Upload and check" }).click()
      return page.getByTestId("upload-verdict")
    }
    await page.getByRole("navigation").getByRole("link", { name: "Models" }).first().click()
    const passed = await send("1.0", fixedYolox({ size, classes: 80, detections: [] }))
    await passed.getByText("fork-lifts 1.0 passed").waitFor({ timeout: 120_000 })
    await passed.getByRole("button", { name: "Activate it" }).click()
    const version = (name: string) => page.getByTestId(`version fork-lifts ${name}`)
    await version("1.0").getByText("Active", { exact: true }).waitFor()
    const refused = await send("1.1", wrongOutput(size))
    await refused.getByText("fork-lifts 1.1 is in quarantine").waitFor({ timeout: 120_000 })
    await refused.getByRole("button", { name: "Close" }).click()
    await version("1.1").getByText("Refused:").waitFor()
    expect(await version("1.1").getByRole("button", { name: "Activate" }).count()).toBe(0)
    const { cameras } = await listed()
    const changed = await patch(`/cameras/${cameras[0]?.id}`, {
      detection: { model: "fork-lifts", framesPerSecond: 5, gate: "motion" }
    })
    expect(changed.ok(), await changed.text()).toBe(true)
    await page.reload()
    await page.getByTestId("cameras of fork-lifts").getByRole("link", { name: "Gate" }).waitFor()
    await version("1.0").getByRole("button", { name: "Deactivate" }).click()
    await version("1.0").getByRole("group").getByRole("button", { name: "Deactivate" }).click()
    await version("1.0").getByRole("alert").getByText("name the model fork-lifts").waitFor()
    await patch("/settings/tenant", { "detection.model": "fork-lifts" })
    await page.reload()
    await page.getByTestId("cameras of fork-lifts").getByRole("link", { name: "all cameras" }).waitFor()
    await patch("/settings/tenant", { "detection.model": null })
    await version("1.1").getByRole("button", { name: "Delete" }).click()
    await version("1.1").getByRole("group").getByRole("button", { name: "Delete" }).click()
    await version("1.1").waitFor({ state: "detached" })
  })

  it("shows nodes with their load, and edges", async () => {
    const made = await page.request.post("/api/v1/edges", { data: { name: "north-hall" }, headers: { origin: origin() } })
    expect(made.ok(), await made.text()).toBe(true)
    await page.getByRole("button", { name: "Account of root" }).click()
    await page.getByRole("link", { name: "Nodes and edges" }).click()
    await page.locator("[data-testid^='node ']").getByText("Up", { exact: true }).waitFor()
    await page.getByRole("progressbar", { name: "Memory of" }).waitFor()
    await page.getByTestId("edge north-hall").getByText("Never seen").waitFor()
  })

  it("warns administrators of a licence that ends, and shows what it allows", async () => {
    expect(await page.getByTestId("licence-banner").count()).toBe(0)
    const end = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
    await vigil.operate("tenant", "licence", "default", "--cameras", "3", "--until", end, "--models", "fork-lifts")
    await page.reload()
    await page.getByTestId("licence-banner").getByText(`The licence ends on ${end}`).waitFor()
    await page.getByTestId("licence-banner").getByRole("link", { name: "The licence" }).click()
    await page.getByText("0 of 3 cameras enabled").waitFor()
    await page.getByText("Ends soon").waitFor()
    await page.getByRole("main").getByText("fork-lifts", { exact: true }).waitFor()
  })

  it("shows viewers nothing of that but the models", async () => {
    const vera = { username: "vera", password }
    const added = await page.request.post("/api/v1/users", { data: { ...vera, role: "viewer" }, headers: { origin: origin() } })
    expect(added.ok(), await added.text()).toBe(true)
    const context = await browser.newContext({ baseURL: origin() })
    const other = await context.newPage()
    const came = await context.request.post("/api/v1/session", { data: vera, headers: { origin: origin() } })
    expect(came.ok(), await came.text()).toBe(true)
    await other.goto("/models")
    await other.getByTestId("version fork-lifts 1.0").waitFor()
    expect(await other.getByRole("button", { name: /Upload|Deactivate|Delete/ }).count()).toBe(0)
    expect(await other.getByTestId("licence-banner").count()).toBe(0)
    await other.getByRole("button", { name: "Account of vera" }).click()
    await other.getByRole("link", { name: "Your account" }).waitFor()
    expect(await other.getByRole("link", { name: /Licence|Nodes/ }).count()).toBe(0)
    for (const path of ["/licence", "/cluster"]) {
      await other.goto(path)
      await other.getByText(/This page is for/).waitFor()
    }
    await context.close()
  })

  it("draws what is near of a long list, and comes back to as much of others as was shown", async () => {
    const sheet = ["name,url,enabled", ...Array.from({ length: 250 }, (_, each) => `Hall ${each},rtsp://192.0.2.9/${each},false`)]
    const added = await page.request.post("/api/v1/cameras/import?dryRun=false&rows=all", {
      data: Buffer.from(sheet.join("\n")),
      headers: { origin: origin(), "content-type": "application/octet-stream" }
    })
    expect(added.ok(), await added.text()).toBe(true)
    await page.goto("/cameras/list")
    const rows = page.getByTestId("camera-row")
    await rows.first().waitFor()
    expect(await rows.count()).toBeLessThan(200)
    expect(await page.getByRole("table", { name: "Cameras" }).getAttribute("aria-rowcount")).toBe("252")
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await page.locator("[data-testid=camera-row][aria-rowindex='252']").waitFor()
    await page.goto("/")
    const tiles = page.getByTestId("camera-tile")
    await eventually(() => tiles.count()).toBe(48)
    await page.getByRole("button", { name: /Show more of/ }).click()
    await page.waitForURL(/more=1/)
    await eventually(() => tiles.count()).toBe(96)
    await page.reload()
    await eventually(() => tiles.count()).toBe(96)
    await page.goto("/audit")
    const entries = page.getByTestId("audit-entry")
    await eventually(() => entries.count()).toBe(50)
    await page.getByRole("button", { name: "Older entries" }).click()
    await page.waitForURL(/more=1/)
    await eventually(() => entries.count()).toBe(100)
    await page.reload()
    await eventually(() => entries.count()).toBe(100)
  })

  it("fits a phone", async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    for (const path of ["/models", "/licence", "/cluster", "/settings", "/cameras/list"]) {
      await page.goto(path)
      await page.getByRole("heading", { level: 1 }).waitFor()
      await eventually(() => page.getByText("Loading", { exact: true }).count()).toBe(0)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow, path).toBeLessThanOrEqual(0)
    }
  })
})
