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

describe.skipIf(needs !== "")(`the page of settings${needs}`, { timeout: 90_000 }, () => {
  let vigil: Demo
  let browser: Browser
  let page: Page

  const eventually = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 20_000, interval: 100 })

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
  }, 150_000)

  afterAll(async () => {
    await browser?.close()
    await vigil?.stop()
  }, 60_000)

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
    const changed = await page.request.patch("/api/v1/settings/tenant", {
      data: { "segment.overlap": 1 },
      headers: { origin: new URL(page.url()).origin }
    })
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

  it("has a like history of cameras and places", async () => {
    const origin = new URL(page.url()).origin
    const listed = (await (await page.request.get("/api/v1/cameras")).json()) as {
      readonly cameras: ReadonlyArray<{ readonly id: string; readonly placeId: string }>
    }
    const [camera] = listed.cameras
    const patch = (path: string, data: object) => page.request.patch(`/api/v1${path}`, { data, headers: { origin } })
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
})
