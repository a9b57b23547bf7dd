import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

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
        const folder = yield* temporaryFolder
        const home = { VIGIL_DATA: join(folder, "data"), HOME: folder }
        const server = yield* runningVigil(["up", "--json"], home)
        const { url } = (yield* firstLine(server)) as { readonly url: string }
        const passwordFile = join(folder, "password")
        yield* Effect.promise(() => writeFile(passwordFile, "correct horse battery\n"))
        yield* vigil(["user", "add", "anna", "--role", "operator", "--password-file", passwordFile], home)

        const login = yield* runningVigil(["login", url, "--browser"], { HOME: folder })
        const link = yield* Effect.promise(() =>
          expect
            .poll(() => /http:\S+\/authorize\?\S+/.exec(login.printed().stderr)?.[0], { timeout: 20_000 })
            .toBeDefined()
            .then(() => /http:\S+\/authorize\?\S+/.exec(login.printed().stderr)?.[0] ?? "")
        )
        const browser = yield* Effect.acquireRelease(
          Effect.promise(() => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] })),
          (open) => Effect.promise(() => open.close())
        )
        yield* Effect.promise(async () => {
          const page = await browser.newPage()
          page.setDefaultTimeout(20_000)
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
    120_000
  )
})
