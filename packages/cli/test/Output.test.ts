import { expect, it } from "@effect/vitest"
import { table } from "@vigil/cli/Output"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

const id = "3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33"
const headings = ["TIME", "CAMERA", "WHAT", "ID"]
const row = ["2026-11-21 15:24:21", "The camera above the back door", "person enter picture", id]

it("tables fit the terminal as far as ids and times stay whole, and are whole where nobody measures", () => {
  const lines = (limit: number) => table(headings, [row], limit).split("\n")
  expect(lines(Number.POSITIVE_INFINITY)[1]).toBe(row.join("  "))
  const [heading, fitting] = lines(100)
  expect(fitting).toBe(`2026-11-21 15:24:21  The camera above t…  person enter picture  ${id}`)
  expect(heading).toBe(["TIME".padEnd(19), "CAMERA".padEnd(19), "WHAT".padEnd(20), "ID"].join("  "))
  for (const limit of [80, 60, 20]) expect(lines(limit)[1]).toBe(`2026-11-21 15:24:21  The camera …  person ente…  ${id}`)
  expect(table(["KEY", "TEXT"], [["a", "x".repeat(90)]], 40).split("\n")[1]).toBe(`a    ${"x".repeat(34)}…`)
})

it("ends in order when nobody reads on", { timeout: 120_000 }, async ({ onTestFinished }) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../bin/vigil.js"), "sim", "onvif", "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  child.stdout.destroy()
  let complaint = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text
  })
  const [code] = await once(child, "close")
  expect([code, complaint]).toEqual([0, ""])
})
