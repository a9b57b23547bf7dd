/// <reference lib="dom" />
import { Schema } from "effect"
import { existsSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Demo, startDemo } from "./Demo.js"

const chromiumPath = "/usr/bin/chromium"
const isThere = existsSync(chromiumPath) && existsSync(join(import.meta.dirname, "../../dist/index.html"))

const decodePlaces = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })))

/** Answers each request of RTSP as a camera with one stream, at `/cam`, and one at `/locked` that no password opens. */
const answer = (request: string): string => {
  const sequence = /CSeq: *(\d+)/i.exec(request)?.[1] ?? "0"
  const head = (status: string, more = "") => `RTSP/1.0 ${status}\r\nCSeq: ${sequence}\r\nServer: Played camera\r\n${more}`
  if (!request.startsWith("DESCRIBE")) return `${head("200 OK")}\r\n`
  if (/^DESCRIBE \S+\/locked RTSP/.test(request))
    return `${head("401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n')}\r\n`
  if (!/^DESCRIBE \S+\/cam RTSP/.test(request)) return `${head("404 Not Found")}\r\n`
  const sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
  return head("200 OK", `Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`)
}

const playCamera = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      // swallowed: whoever looks hangs up as he likes.
      socket.on("error", () => {})
      socket.on("data", (bytes) => socket.write(answer(bytes.toString())))
    })
    server.listen(0, "127.0.0.1", () => resolve(server))
  })

const unavailable = isThere ? "" : " [needs chromium and the built web app: npm run build]"

describe.skipIf(!isThere)(`the pages of places${unavailable}`, { timeout: 90_000 }, () => {
  let vigil: Demo
  let camera: Server
  let context: BrowserContext
  let page: Page
  let origin = ""

  const api = (method: string, path: string, data?: unknown) =>
    context.request.fetch(`${origin}/api/v1${path}`, { method, data, headers: { origin } })
  const places = async () => decodePlaces(await (await api("GET", "/places")).json())
  const eventually = <A>(check: () => Promise<A>) => expect.poll(check, { timeout: 20_000, interval: 100 })
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click()

  beforeAll(async () => {
    camera = await playCamera()
    vigil = await startDemo(100_000, "up")
    const link = new URL(vigil.setupLink)
    origin = link.origin
    const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] })
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const token = link.searchParams.get("token")
    expect((await api("POST", "/setup", { token, username: "root", password: "correct horse battery staple" })).ok()).toBe(true)
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
  }, 150_000)

  afterAll(async () => {
    await context?.browser()?.close()
    await vigil?.stop()
    await new Promise((resolve) => camera?.close(resolve))
  }, 60_000)

  it("keep a tree, and say so where somebody else changed a place meanwhile", async () => {
    await page.goto(`${origin}/places`)
    await page.getByText("No places yet").waitFor()
    await press("Add a site")
    await page.getByLabel("Name of the site").fill("North")
    await press("Save")
    await press("Add a building in North")
    await page.getByLabel("Name of the building").fill("Hall")
    await press("Save")
    await press("Rename Hall")
    const hall = (await places()).find(({ name }) => name === "Hall")
    expect((await api("PATCH", `/places/${hall?.id}`, { name: "Hall 2" })).status()).toBe(200)
    await page.getByLabel("New name").fill("Hall 3")
    await press("Save")
    await page.getByText("Somebody else changed this meanwhile").waitFor()
    await page.reload()
    await press("Remove North")
    await page.getByText("North holds 0 cameras and 1 places: move or remove them first").waitFor()
    expect((await places()).map(({ name }) => name)).toEqual(["Hall 2", "North"])
  })

  it("bring cameras in from a file once their rows were seen", async () => {
    const csv = "name,url,enabled,place\nDock,rtsp://192.0.2.1/1,no,North/Hall 2\nBad,nothing,no,\n"
    await page.getByLabel("Choose a file").setInputFiles({ name: "cameras.csv", mimeType: "text/csv", buffer: Buffer.from(csv) })
    await page.getByText("1 camera can be added, 1 row is bad.").waitFor()
    await page.getByRole("cell", { name: "url" }).waitFor()
    await press("Add the 1 camera without the bad rows")
    await page.getByText("1 camera added").waitFor()
    await page.getByText("building · 1 camera").waitFor()
  })

  it("find cameras in the network, and add them where they hang", async () => {
    await page.getByRole("link", { name: "Cameras" }).first().click()
    await page.getByRole("link", { name: "Find cameras" }).first().click()
    await page.getByLabel("ONVIF devices that answer").uncheck()
    await press("Look for cameras")
    await page.getByText("expected onvif, or ranges of addresses").waitFor()
    const address = camera.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    await page.getByLabel("Addresses to look for").fill("127.0.0.1")
    await page.getByLabel("RTSP ports").fill(String(port))
    await page.getByLabel("Paths of streams").fill("/cam")
    await press("Look for cameras")
    await page.getByText("Done · 1 found · 1 of 1 tried").waitFor()
    await page.getByText(`rtsp://127.0.0.1:${port}/cam · H264`).waitFor()
    await page.getByLabel("Place").selectOption({ label: "North/Hall 2" })
    await press("Add 1 camera")
    await page.getByTestId("device").getByText("Added").waitFor()
    await page.getByRole("link", { name: "Places" }).first().click()
    await page.getByText("building · 2 cameras").waitFor()
  })

  it("are given to cameras with tags, and find them again", async () => {
    const tiles = () => page.getByTestId("camera-tile").allInnerTexts()
    const found = (...names: ReadonlyArray<string>) =>
      eventually(async () => (await tiles()).map((text) => text.split("\n").find((line) => names.includes(line)))).toEqual(names)
    await page.goto(`${origin}/cameras/new`)
    await page.getByLabel("Name", { exact: true }).fill("Attic")
    await page.getByLabel("Address").fill("rtsp://192.0.2.1/attic")
    await page.getByLabel("Place").selectOption({ label: "North" })
    await page.getByLabel("Tags", { exact: true }).fill("indoor, quiet,")
    await page.getByLabel("Groups", { exact: true }).fill("top")
    await press("Add camera")
    await page.getByRole("heading", { name: "Attic" }).waitFor()
    await page.getByRole("link", { name: "Edit" }).click()
    await press("Remove quiet")
    await page.getByLabel("Tags", { exact: true }).fill("a;b")
    await press("Save")
    await page.getByText("without commas and semicolons").waitFor()
    await press("Remove a;b")
    await page.getByLabel("Place").selectOption({ label: "North/Hall 2" })
    await press("Save")
    await page.getByRole("link", { name: "North/Hall 2" }).click()
    await page.waitForURL(/place=/)
    await eventually(async () => (await tiles()).length).toBe(3)
    await page.getByLabel("Tag", { exact: true }).selectOption("indoor")
    await found("Attic")
    await page.getByText("1 of 3").waitFor()
    await page.reload()
    await found("Attic")
    await press("Show all")
    await page.getByLabel("Search cameras").fill("TTI")
    await found("Attic")
    await page.getByLabel("Search cameras").fill("nothing like it")
    await page.getByText("No such cameras").waitFor()
    const listed: unknown = await (await api("GET", "/cameras?search=attic")).json()
    expect(listed).toMatchObject({ cameras: [{ name: "Attic", tags: ["indoor"], groups: ["top"] }] })
  })

  it("show operators the cameras that need somebody", async () => {
    const address = camera.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    const url = `rtsp://admin:wrong@127.0.0.1:${port}/locked`
    const made: unknown = await (await api("POST", "/cameras", { name: "Vault", url })).json()
    await page.goto(`${origin}/`)
    const alerts = page.getByTestId("alerts")
    await alerts.getByText("1 camera needs somebody").waitFor()
    await alerts.getByText(/^Vault: .*password/).waitFor()
    await alerts.getByRole("link", { name: "Vault" }).click()
    await page.getByText("Vigil does not restart this camera any more").waitFor()
    const { id } = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(made)
    expect((await api("PATCH", `/cameras/${id}`, { enabled: false })).ok()).toBe(true)
    await page.getByText("Vigil does not restart this camera any more").waitFor({ state: "detached" })
    await page.goto(`${origin}/`)
    await page.getByTestId("camera-tile").first().waitFor()
    await eventually(() => alerts.count()).toBe(0)
  })

  it("change many cameras at once, and tell of each that could not be changed", async () => {
    await page.goto(`${origin}/?tag=indoor`)
    await page.getByRole("link", { name: "List", exact: true }).click()
    const rows = page.getByTestId("camera-row")
    await eventually(() => rows.allInnerTexts()).toEqual([expect.stringContaining("Attic")])
    await press("Show all")
    await eventually(() => rows.count()).toBe(4)
    await page.getByLabel("Choose all that are shown").check()
    await page.getByText("4 cameras chosen").waitFor()
    await page.getByLabel("Choose Attic").uncheck()
    await page.getByLabel("What to do").selectOption({ label: "Add tags" })
    await page.getByLabel("Tags", { exact: true }).fill("night,")
    const bulk = page.getByTestId("bulk")
    await bulk.getByRole("button", { name: "Add tags" }).click()
    await bulk.getByRole("group", { name: "Add tags: 3 cameras?" }).getByRole("button", { name: "Add tags" }).click()
    await page.getByText("Done with 3 of 3 cameras").waitFor()
    await page.getByText("Choose cameras to change many at once").waitFor()
    await page.getByLabel("State").selectOption({ label: "Switched off" })
    await eventually(() => rows.allInnerTexts()).toEqual([
      expect.stringMatching(/Dock[^]*night/),
      expect.stringContaining("Vault")
    ])
    // Somebody is faster.
    const listed: unknown = await (await api("GET", "/cameras?search=Vault")).json()
    const { cameras } = Schema.decodeUnknownSync(Schema.Struct({ cameras: Schema.Array(Schema.Struct({ id: Schema.String })) }))(
      listed
    )
    await page.getByLabel("Choose Vault").check()
    await page.getByLabel("What to do").selectOption({ label: "Remove" })
    await bulk.getByRole("button", { name: "Remove", exact: true }).click()
    await page.route("**/api/v1/cameras/bulk", async (route) => {
      await api("DELETE", `/cameras/${cameras[0]?.id}`)
      await route.continue()
    })
    await bulk.getByRole("group").getByRole("button", { name: "Remove", exact: true }).click()
    await bulk.getByText("Done with 0 of 1 camera").waitFor()
    await bulk.getByText(/^Vault: /).waitFor()
    await page.unroute("**/api/v1/cameras/bulk")
    await eventually(() => rows.count()).toBe(1)
  })

  it("bring back what was removed", async () => {
    await page.goto(`${origin}/?text=Attic`)
    await page.getByTestId("camera-tile").click()
    await page.getByRole("link", { name: "Edit" }).click()
    await press("Remove camera")
    await press("Remove it")
    await page.waitForURL(`${origin}/`)
    await page.getByRole("button", { name: "Account of root" }).click()
    await page.getByRole("link", { name: "Removed" }).click()
    const names = () => page.getByTestId("removed").locator("p.font-medium").allInnerTexts()
    await eventually(names).toEqual(["Attic", "Vault"])
    await press("Bring Attic back")
    await page.getByText("It comes back with:").waitFor()
    expect(await page.getByTestId("differences").innerText()).toMatch(/Place\s+North\/Hall 2[^]*Tags\s+indoor/)
    await press("Restore")
    await page.getByText("Attic is there again").waitFor()
    await eventually(names).toEqual(["Vault"])
    await page.getByRole("link", { name: "Look at it" }).click()
    await page.getByRole("heading", { name: "Attic" }).waitFor()
  })

  it("tell administrators who did what, and whether the trail is whole", async () => {
    await page.goto(`${origin}/audit`)
    await page.getByLabel("What", { exact: true }).selectOption({ label: "Camera rollback" })
    const entries = page.getByTestId("audit-entry")
    await eventually(() => entries.allInnerTexts()).toEqual([expect.stringMatching(/Camera rollback · camera Attic[^]*by root/)])
    await page.getByRole("button", { name: /^Values of entry/ }).click()
    await page.getByTestId("differences").getByText("Attic", { exact: true }).waitFor()
    await page.getByLabel("Who").fill("nobody")
    await page.getByText("No such entries").waitFor()
    await page.reload()
    await page.getByText("No such entries").waitFor()
    await press("Verify")
    await page.getByText("The trail is whole").waitFor()
  })

  it("make keys for programs, once shown, and revoke them", async () => {
    await page.goto(`${origin}/account`)
    await press("Make a key")
    await page.getByLabel("Name", { exact: true }).last().fill("Counter")
    await press("Make the key")
    await page.getByText("The key Counter is made").waitFor()
    const key = await page.locator("code", { hasText: /^vgl_.{20}/ }).innerText()
    const ask = () =>
      fetch(`${origin}/api/v1/cameras`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status)
    expect(await ask()).toBe(200)
    await press("I have kept it")
    const row = page.getByTestId("api-key").filter({ hasText: "Counter" })
    await row.getByRole("button", { name: "Revoke" }).click()
    await row.getByRole("group").getByRole("button", { name: "Revoke" }).click()
    await page.getByText("No keys yet.").waitFor()
    expect(await ask()).toBe(401)
  })

  it("erase events once it was seen what that is, and keep a report", async () => {
    await page.goto(`${origin}/privacy`)
    await page.getByLabel("Reason").fill("Somebody asked for it")
    await press("Look what that is")
    await page.getByText("Say which: a time, a camera or tracks.").waitFor()
    await page.getByLabel("From").fill("2020-01-01T00:00")
    await page.getByLabel("To", { exact: true }).fill("2020-01-02T00:00")
    await press("Look what that is")
    await page.getByText("0 events are found").waitFor()
    await press("Erase for good")
    await press("Erase")
    await page.getByTestId("erasure").getByText("Somebody asked for it").waitFor()
    await page.getByTestId("erasure").getByText("finished").waitFor()
  })

  it("show nobody what the role may not do", async () => {
    const polygon = [0.1, 0.4, 0.4].map((x, index) => ({ x, y: index === 2 ? 0.4 : 0.1 }))
    const masked = { name: "Masked", url: "rtsp://192.0.2.8/1", enabled: false, masks: [{ name: "Neighbour", polygon }] }
    const { id } = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(
      await (await api("POST", "/cameras", masked)).json()
    )
    const browser = context.browser()
    const signedIn = async (role: string) => {
      const password = "correct horse battery staple"
      expect((await api("POST", "/users", { username: role, role, password })).status()).toBe(201)
      const other = await browser?.newContext()
      await other?.request.post(`${origin}/api/v1/session`, { data: { username: role, password }, headers: { origin } })
      return other?.newPage()
    }
    const supervisor = await signedIn("supervisor")
    await supervisor?.goto(`${origin}/cameras/${id}/edit`)
    const masks = supervisor?.locator("section", { hasText: "Privacy masks" })
    await masks?.getByText("only administrators take them away").waitFor()
    await masks?.getByRole("button", { name: "Rectangle" }).click()
    await masks?.getByRole("button", { name: "Remove Mask 1" }).waitFor()
    expect(await masks?.getByRole("button", { name: "Remove Neighbour" }).count()).toBe(0)
    expect(await supervisor?.getByRole("button", { name: "Remove camera" }).count()).toBe(0)
    const viewer = await signedIn("viewer")
    for (const path of [`/cameras/${id}/edit`, "/cameras/new", "/removed"]) {
      await viewer?.goto(origin + path)
      await viewer?.getByText("This page is for supervisors and administrators.").waitFor()
    }
    await viewer?.getByRole("button", { name: "Account of viewer" }).click()
    expect(await viewer?.getByRole("list").getByRole("link").allInnerTexts()).toEqual(["Your account", "Settings"])
  })

  it("fit a phone", async () => {
    await page.setViewportSize({ width: 390, height: 800 })
    for (const path of [
      "/",
      "/places",
      "/cameras/find",
      "/cameras/new",
      "/people",
      "/cameras/list",
      "/removed",
      "/audit",
      "/account",
      "/privacy"
    ]) {
      await page.goto(origin + path)
      await page.getByRole("heading", { level: 1 }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390)
    }
  })
})
