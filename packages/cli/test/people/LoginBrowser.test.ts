import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { startSite } from "../Site.js"
import { eventually, runningVigil, vigil, vigilJson } from "../Vigil.js"

const executablePath = "/usr/bin/chromium"
const builtPage = join(import.meta.dirname, "../../../ui/dist/index.html")
const needs = [
  ...(existsSync(executablePath) ? [] : [" [needs chromium]"]),
  ...(existsSync(builtPage) ? [] : [" [needs the built web app: npm run build]"])
].join("")

describe.skipIf(needs !== "")(`vigil login --browser${needs}`, () => {
  it.scopedLive(
    "signs in as whoever allows it at the page, without a password on the command line",
    () =>
      Effect.gen(function* () {
        const { file, folder, said, url } = yield* startSite()
        const passwordFile = yield* file("password", "correct horse battery\n")
        yield* said("user", "add", "anna", "--role", "operator", "--password-file", passwordFile)

        const login = yield* runningVigil(["login", url, "--browser"], { HOME: folder })
        const link = yield* eventually("the link", () => /http:\S+\/authorize\?\S+/.exec(login.printed().stderr)?.[0])
        const browser = yield* Effect.acquireRelease(
          Effect.promise(() => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] })),
          (open) => Effect.promise(() => open.close())
        )
        yield* Effect.promise(async () => {
          const page = await browser.newPage()
          page.setDefaultTimeout(60_000)
          await page.goto(link)
          await page.getByLabel("User name").fill("anna")
          await page.getByLabel("Password", { exact: true }).fill("correct horse battery")
          await page.getByRole("button", { name: "Sign in" }).click()
          await page.getByRole("button", { name: "Allow" }).click()
          await page.getByText("The command line goes on.").waitFor()
        })
        const ended = yield* Effect.promise(() => login.ended)
        expect([ended.code, ended.stdout.toString()]).toEqual([0, expect.stringMatching(/^Signed in at .* as anna \(operator\)/)])
        const me = yield* vigilJson(["whoami"], { HOME: folder })
        expect(JSON.stringify(me)).toContain('"anna"')
        expect((yield* vigil(["camera", "list", "--json"], { HOME: folder })).stdout.toString()).toBe("[]\n")
      }),
    400_000
  )
})
