import { sha256Of } from "@vigil/core/FileDigest"
import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import { expect, it } from "vitest"

it("is that of all pieces together", async () => {
  const pieces = [new Uint8Array(1_000_000).fill(7), new Uint8Array(0), Uint8Array.of(1, 2, 3)]
  const whole = createHash("sha256")
  for (const piece of pieces) whole.update(piece)
  expect(await sha256Of(Readable.from(pieces))).toBe(whole.digest("hex"))
})
