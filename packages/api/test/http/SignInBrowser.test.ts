/// <reference lib="dom" />
import { describe, expect, layer } from "@effect/vitest"
import { totpCode, totpStep } from "@vigil/api/auth/Totp"
import { Effect, Layer, Option } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { chromium, type Page } from "playwright-core"
import { mailPeer, mailTo } from "../mail/MailPeer.js"
import { Mails } from "./MailedServer.js"
import { clientId, clientSecret, openIdPeer } from "./OpenIdPeer.js"
import { layerTestServer, password, testConfig, TestServer } from "./TestServer.js"

const executablePath = "/usr/bin/chromium"
const webFolder = join(import.meta.dirname, "../../../ui/dist")

const needs = [
  ...(existsSync(executablePath) ? [] : [" [needs chromium]"]),
  ...(existsSync(join(webFolder, "index.html")) ? [] : [" [needs the built web app: npm run build]"])
].join("")

const layerSite = Layer.unwrapScoped(
  Effect.map(mailPeer(), (peer) => {
    return layerTestServer(testConfig({ mail: Option.some(mailTo(peer)), allowPlainProviders: true }), webFolder).pipe(
      Layer.merge(Layer.succeed(Mails, peer))
    )
  })
)

/** A page of a browser of its own, and what went wrong in it. */
const newPage = Effect.gen(function* () {
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] })),
    (open) => Effect.promise(() => open.close())
  )
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1000, height: 900 } }))
  page.setDefaultTimeout(60_000)
  const errors: Array<string> = []
  page.on("pageerror", (error) => errors.push(error.message))
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) errors.push(message.text())
  })
  return { page, errors }
})

const signIn = async (page: Page, url: string, username: string, pass: string) => {
  await page.goto(`${url}/login`)
  await page.getByLabel("User name").fill(username)
  await page.getByLabel("Password", { exact: true }).fill(pass)
  await page.getByRole("button", { name: "Sign in" }).click()
}

const signOut = async (page: Page, username: string) => {
  await page.getByRole("button", { name: `Account of ${username}` }).click()
  await page.getByRole("button", { name: "Sign out" }).click()
  await page.getByRole("heading", { name: "Sign in" }).waitFor()
}

describe.skipIf(needs !== "")(`the page for signing in${needs}`, () => {
  layer(layerSite, { excludeTestServices: true })((it) => {
    it.scoped(
      "signs in with an identity provider, and comes back to the page that was asked for",
      () =>
        Effect.gen(function* () {
          const { cookies, url, visit } = yield* TestServer
          const person = { preferred_username: "ada", name: "Ada L.", roles: ["guards"] }
          const { issuer } = yield* openIdPeer({ u1: person, u2: { ...person, roles: [] } }, `${url}/api/v1/openid/callback`)
          const roles = [{ value: "guards", role: "operator" }]
          const body = { slug: "lab", name: "Laboratory", issuer, clientId, clientSecret, roles }
          yield* visit({ method: "POST", path: "/api/v1/identity-providers", cookie: cookies.admin, body })
          const { errors, page } = yield* newPage
          const atProvider = async (name: string) => {
            await page.getByRole("link", { name: "Sign in with Laboratory" }).click()
            await page.locator("input[name=login]").fill(name)
            await page.locator("input[name=password]").fill("any")
            await page.locator("[type=submit]").click()
            await page.locator("[type=submit]").click()
          }
          yield* Effect.promise(async () => {
            await page.goto(`${url}/account`)
            await atProvider("u1")
            await page.getByRole("heading", { name: "Your account" }).waitFor()
            expect(new URL(page.url()).pathname).toBe("/account")
            await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada L.")
            // The provider knows the password: there is none here.
            expect(await page.getByText("Current password").count()).toBe(0)
            await signOut(page, "ada")
          })
          const other = yield* newPage
          yield* Effect.promise(async () => {
            await other.page.goto(`${url}/login?provider=lab&to=/events`)
            await other.page.getByRole("link", { name: "Sign in with Laboratory" }).click()
            await other.page.locator("input[name=login]").fill("u2")
            await other.page.locator("input[name=password]").fill("any")
            await other.page.locator("[type=submit]").click()
            await other.page.locator("[type=submit]").click()
            await other.page.getByText("none of your roles may use Vigil").waitFor()
          })
          expect([...errors, ...other.errors]).toEqual([])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "sets a forgotten password by the mailed link",
      () =>
        Effect.gen(function* () {
          const { cookies, url, visit } = yield* TestServer
          const { mails } = yield* Mails
          yield* visit({
            method: "PATCH",
            path: "/api/v1/account",
            cookie: cookies.viewer,
            body: { email: "viewer@example.org", password }
          })
          const { errors, page } = yield* newPage
          yield* Effect.promise(async () => {
            await page.goto(`${url}/login`)
            await page.getByRole("link", { name: "Forgot password" }).click()
            await page.getByLabel("User name or mail address").fill("viewer")
            await page.getByRole("button", { name: "Send a link" }).click()
            await page.getByText("Look into your mail").waitFor()
            await expect.poll(() => mails.length, { timeout: 10_000 }).toBeGreaterThan(0)
            const link = /http:\S+\/new-password#\S+/.exec(mails.at(-1)?.text ?? "")?.[0] ?? ""
            await page.goto(link)
            await expect.poll(() => page.url()).not.toContain("#")
            await page.getByLabel("New password", { exact: true }).fill("entirely other words")
            await page.getByLabel("New password again").fill("entirely other word")
            await page.getByRole("button", { name: "Set password" }).click()
            await page.getByText("The two passwords differ.").waitFor()
            await page.getByLabel("New password again").fill("entirely other words")
            await page.getByRole("button", { name: "Set password" }).click()
            await page.getByText("Your password is changed").waitFor()
            await signIn(page, url, "viewer", password)
            await page.getByText("is wrong").waitFor()
            await signIn(page, url, "viewer", "entirely other words")
            await page.getByRole("button", { name: "Account of viewer" }).waitFor()
          })
          expect(errors).toEqual([])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "lists where one is signed in, and ends what is not to be",
      () =>
        Effect.gen(function* () {
          const { url, visit } = yield* TestServer
          const headers = { "user-agent": "wall/1.0 (lobby)" }
          const body = { username: "supervisor", password }
          const begun = yield* visit({ method: "POST", path: "/api/v1/tokens", body, headers })
          const { accessToken } = begun.json as { readonly accessToken: string }
          const { errors, page } = yield* newPage
          yield* Effect.promise(async () => {
            await signIn(page, url, "supervisor", password)
            await page.getByRole("button", { name: "Account of supervisor" }).click()
            await page.getByRole("link", { name: "Your account" }).click()
            await page.getByText("this browser").waitFor()
            await page.getByText("Chrome on Linux").waitFor()
            await page.getByRole("button", { name: "End wall/1.0 (lobby)" }).click()
            await page.getByText("wall/1.0 (lobby)").waitFor({ state: "detached" })
          })
          const late = yield* visit({ path: "/api/v1/session", headers: { authorization: `Bearer ${accessToken}` } })
          expect(late.status).toBe(401)
          expect(errors).toEqual([])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "asks for a code of the second factor, which is set up with the account",
      () =>
        Effect.gen(function* () {
          const { url } = yield* TestServer
          const { errors, page } = yield* newPage
          yield* Effect.promise(async () => {
            await signIn(page, url, "operator", password)
            await page.getByRole("button", { name: "Account of operator" }).click()
            await page.getByRole("link", { name: "Your account" }).click()
            await page.getByRole("button", { name: "Set up an authenticator app" }).click()
            await page.getByLabel("Your password").fill(password)
            await page.getByRole("button", { name: "Set up", exact: true }).click()
            await page.getByRole("img", { name: "For your authenticator app" }).waitFor()
            const secret = (await page.getByTestId("second-factor-secret").innerText()).replace(/\s/g, "")
            await page.getByLabel("Code").fill(totpCode(secret, totpStep(Date.now())))
            await page.getByRole("button", { name: "Confirm" }).click()
            const codes = (await page.getByTestId("recovery-codes").innerText()).split(/\s+/)
            expect(codes.length).toBeGreaterThan(5)
            await page.getByRole("button", { name: "I have kept them" }).click()
            await signOut(page, "operator")
            await signIn(page, url, "operator", password)
            await page.getByLabel("Code").fill("000000")
            await page.getByRole("button", { name: "Sign in" }).click()
            await page.getByText("The code is wrong").waitFor()
            await page.getByLabel("Code").fill(codes[0] ?? "")
            await page.getByRole("button", { name: "Sign in" }).click()
            await page.getByRole("button", { name: "Account of operator" }).waitFor()
          })
          expect(errors).toEqual([])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "shows administrators whose account is locked, and releases it",
      () =>
        Effect.gen(function* () {
          const { cookies, url, visit } = yield* TestServer
          const policy = { shortestPassword: 12, rememberedPasswords: 0, lockAfter: 3, lockMinutes: null }
          yield* visit({ method: "PUT", path: "/api/v1/password-policy", cookie: cookies.admin, body: policy })
          const attempt = (pass: string) =>
            visit({ method: "POST", path: "/api/v1/session", body: { username: "supervisor", password: pass } })
          yield* Effect.forEach(["a", "b", "c"], attempt)
          const { errors, page } = yield* newPage
          yield* Effect.promise(async () => {
            await signIn(page, url, "root", password)
            await page.getByRole("button", { name: "Account of root" }).waitFor()
            await page.goto(`${url}/people`)
            const person = page.getByTestId("person").filter({ hasText: "supervisor" })
            await person.getByText("locked").waitFor()
            await person.getByRole("link").click()
            await page.getByText("Locked after 3 wrong passwords").waitFor()
            await page.getByRole("button", { name: "Release" }).click()
            await expect.poll(() => page.getByText("locked").count()).toBe(0)
            const profile = page.locator("section", { hasText: "Profile" })
            await profile.getByLabel("Name").fill("Sue Supervisor")
            await profile.getByLabel("Mail address").fill("sue@example.org")
            await profile.getByRole("button", { name: "Save" }).click()
            await page.getByRole("heading", { name: "Sue Supervisor" }).waitFor()
            await page.getByRole("link", { name: "All people" }).click()
            await person.getByText("supervisor · sue@example.org").waitFor()
          })
          expect((yield* attempt(password)).status).toBe(200)
          expect(errors).toEqual([])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "lets administrators add people by a mailed link, and disable and remove them",
      () =>
        Effect.gen(function* () {
          const { url } = yield* TestServer
          const { mails } = yield* Mails
          const { errors, page } = yield* newPage
          const other = yield* newPage
          const press = (name: string) => page.getByRole("button", { name, exact: true }).click()
          const mailed = () => mails.filter(({ to }) => to.includes("kim@example.org"))
          yield* Effect.promise(async () => {
            await signIn(page, url, "root", password)
            await page.getByRole("button", { name: "Account of root" }).click()
            await page.getByRole("link", { name: "People" }).click()
            await press("Add person")
            await page.getByLabel("User name").fill("viewer")
            await page.getByLabel("Mail address").fill("kim@example.org")
            await press("Add and send the link")
            await page.getByText("the username viewer is taken").waitFor()
            await page.getByLabel("User name").fill("kim")
            await page.getByLabel("Name", { exact: true }).fill("Kim K.")
            await press("Add and send the link")
            await page.getByRole("heading", { name: "Kim K." }).waitFor()
            await page.getByText("invited").waitFor()
            await expect.poll(() => mailed().length, { timeout: 10_000 }).toBe(1)

            await other.page.goto(/http:\S+\/new-password#\S+/.exec(mailed()[0]?.text ?? "")?.[0] ?? "")
            await other.page.getByLabel("New password", { exact: true }).fill(password)
            await other.page.getByLabel("New password again").fill(password)
            await other.page.getByRole("button", { name: "Set password" }).click()
            await other.page.getByText("Your password is changed").waitFor()
            await signIn(other.page, url, "kim", password)
            await other.page.getByRole("button", { name: "Account of kim" }).waitFor()

            await page.reload()
            await page.getByText("A password is set.").waitFor()
            expect(await page.getByText("invited").count()).toBe(0)
            await page.getByTestId("session").getByText("Chrome on Linux").waitFor()
            await page.getByLabel("Role").selectOption("operator")
            await press("Change role")
            await page.getByText("kim is operator now").waitFor()
            // Whose session ended is led to the page for signing in.
            await other.page.getByRole("heading", { name: "Sign in" }).waitFor()

            await press("Disable")
            await page.getByRole("group", { name: "Sign kim out everywhere" }).getByRole("button", { name: "Cancel" }).click()
            await press("Disable")
            await page.getByRole("group", { name: "Sign kim out everywhere" }).getByRole("button", { name: "Disable" }).click()
            await page.getByText("disabled", { exact: true }).waitFor()
            await signIn(other.page, url, "kim", password)
            await other.page.getByText("This account is disabled.").waitFor()

            await press("Remove person")
            await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Keep")
            await press("Remove")
            await page.getByRole("heading", { name: "People" }).waitFor()
            await expect.poll(() => page.getByTestId("person").filter({ hasText: "kim" }).count()).toBe(0)
            await page.getByTestId("person").filter({ hasText: "root" }).getByRole("link").click()
            await page.getByText("This is you").waitFor()
            expect(await page.getByRole("button", { name: /Remove|Disable|Change role/ }).count()).toBe(0)
          })
          expect([...errors, ...other.errors]).toEqual([])
        }),
      { timeout: 120_000 }
    )
  })
})
