import { describe, expect, it } from "@effect/vitest"
import { zipStream, type ZipPart } from "@vigil/api/zip/ZipStream"
import { Chunk, Effect, Stream } from "effect"
import * as fc from "effect/FastCheck"
import { randomBytes } from "node:crypto"
import { unpacked } from "../Archive.js"

const archiveOf = (parts: ReadonlyArray<ZipPart>) =>
  Effect.map(Stream.runCollect(zipStream(Stream.fromIterable(parts))), (chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks)))

describe("archives that are made while they are read", () => {
  it.effect("are read by others as they were written, whatever their files are made of", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.array(fc.string({ unit: "grapheme" }))), {
            selector: ([name]) => name.replace(/[/\\\\\0]/g, ""),
            maxLength: 5
          }),
          async (files) => {
            const named = files.map(([name, parts]) => [`${name.replace(/[/\\\0]/g, "")}.txt`, ["", ...parts]] as const)
            const parts = named.flatMap(([name, texts]) => texts.map((text): ZipPart => [name, text]))
            const found = await Effect.runPromise(Effect.flatMap(archiveOf(parts), unpacked))
            expect([...found]).toEqual(named.map(([name, texts]) => [name, texts.join("")]))
          }
        ),
        { numRuns: 20 }
      )
    )
  )

  it.live("fail as their parts do", () =>
    Effect.gen(function* () {
      const parts = Stream.concat(Stream.make<[ZipPart]>(["a.txt", "a"]), Stream.fail("gone" as const))
      expect(yield* Effect.flip(Stream.runDrain(zipStream(parts)))).toBe("gone")
    })
  )

  it.live("take no more parts than are read, and let go of where they come from", () =>
    Effect.gen(function* () {
      const part = randomBytes(2 ** 20)
      let [taken, released] = [0, false]
      const endless = Stream.acquireRelease(Effect.void, () => Effect.sync(() => (released = true))).pipe(
        Stream.flatMap(() => Stream.repeatEffect(Effect.sync((): ZipPart => (taken++, ["endless", part]))))
      )
      yield* Stream.runDrain(Stream.take(zipStream(endless), 3))
      expect(released).toBe(true)
      expect(taken).toBeLessThan(20)
    })
  )
})
