import { expect, it } from "vitest"
import { failureWords } from "../../src/words/AlertWords.js"

it("says what failed last, and how often", () => {
  const worker = { health: "unhealthy", errorCount: 5, lastError: "connection refused.", alert: true } as const
  expect(failureWords(worker)).toBe("connection refused (5 times in a row)")
  expect(failureWords({ ...worker, errorCount: 1 })).toBe("connection refused")
  const lastError = "unauthorized: The camera refuses the password (DESCRIBE)"
  expect(failureWords({ ...worker, errorCount: 1, lastError })).toBe("The camera refuses the password")
  expect(failureWords(undefined)).toBe("unknown error")
})
