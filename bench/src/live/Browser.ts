import { Data, Effect } from "effect"
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"
import type { PlayerPage } from "./Page.js"

export class BrowserFailed extends Data.TaggedError("BrowserFailed")<{ readonly detail: string }> {
  override get message() {
    return `Chromium: ${this.detail}`
  }
}

declare global {
  /** The page's own, in the browser. */
  // oxlint-disable-next-line no-var -- a property of the global object is declared so
  var page: PlayerPage
}

const executable = "/usr/bin/chromium"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  // Loopback candidates in clear, as a page with a camera permission would get them.
  "--disable-features=WebRtcHideLocalIpsWithMdns"
]

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, BrowserFailed> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => new BrowserFailed({ detail: error instanceof Error ? error.message : String(error) })
  })

/** A player's page in headless Chromium, until the scope closes. */
export const openBrowser = (address: string) =>
  Effect.gen(function* () {
    if (!existsSync(executable)) {
      return yield* new BrowserFailed({
        detail: `there is no ${executable}; as root: apt-get install --no-install-recommends chromium`
      })
    }
    const browser = yield* Effect.acquireRelease(
      attempt(() => chromium.launch({ executablePath: executable, args: flags })),
      (open) => Effect.promise(() => open.close())
    )
    const tab = yield* attempt(() => browser.newPage())
    yield* attempt(() => tab.goto(address))
    return {
      whep: (player: string, url: string) =>
        attempt(() => tab.evaluate(([name, at]) => page.whep(name, at), [player, url] as const)),
      accept: (player: string, offer: string) =>
        attempt(() => tab.evaluate(([name, sdp]) => page.accept(name, sdp), [player, offer] as const)),
      take: (player: string) => attempt(() => tab.evaluate((name) => page.take(name), player)),
      now: attempt(() => tab.evaluate(() => page.now()))
    }
  })
