import { describe, expect, it } from "vitest"
import { programWords } from "../../src/words/ProgramWords.js"

describe("the name of a program", () => {
  it("is that of the browser and its system", () => {
    const like = "AppleWebKit/537.36 (KHTML, like Gecko)"
    const agents = {
      "Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
      "Chrome on Linux": `Mozilla/5.0 (X11; Linux x86_64) ${like} Chrome/150.0.0.0 Safari/537.36`,
      "Chrome on Android": `Mozilla/5.0 (Linux; Android 16; K) ${like} Chrome/150.0.0.0 Mobile Safari/537.36`,
      "Edge on Windows": `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${like} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`,
      "Safari on iOS": `Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) ${like} Version/19.0 Mobile/15E148 Safari/604.1`,
      "Safari on macOS": `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${like} Version/19.0 Safari/605.1.15`
    }
    for (const [words, agent] of Object.entries(agents)) expect(programWords(agent)).toBe(words)
  })

  it("is what it calls itself where it is no browser, and never nothing", () => {
    expect(programWords("vigil/0.1.0 (lobby)")).toBe("vigil/0.1.0 (lobby)")
    expect(programWords(null)).toBe("Unknown program")
    expect(programWords("")).toBe("Unknown program")
  })
})
