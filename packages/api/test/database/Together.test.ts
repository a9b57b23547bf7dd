import { describe, expect, it } from "@effect/vitest"
import { makeTogether } from "@vigil/api/database/Together"
import { Principal } from "@vigil/core/contract/Principal"
import { Effect, Either, Option } from "effect"

/** Answers its length to each word but `nobody`; what it was asked in one go is kept. */
const setting = Effect.gen(function* () {
  const goes: Array<ReadonlyArray<string>> = []
  let isAway = false
  const lengthOf = yield* makeTogether((words: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      goes.push(words)
      yield* Effect.yieldNow()
      if (isAway) return yield* Effect.fail("away")
      return new Map(words.filter((word) => word !== "nobody").map((word) => [word, word.length]))
    })
  )
  return {
    goes,
    lengthOf,
    leave: () => {
      isAway = true
    }
  }
})

describe("questions that are asked together", () => {
  it.live("are one for all who ask in the same turn, and each gets its own answer", () =>
    Effect.gen(function* () {
      const { goes, lengthOf } = yield* setting
      const answers = yield* Effect.forEach(["a", "nobody", "ccc"], lengthOf, { concurrency: "unbounded" })
      expect(answers).toEqual([Option.some(1), Option.none(), Option.some(3)])
      expect(goes).toEqual([["a", "nobody", "ccc"]])
      expect(yield* lengthOf("dddd")).toEqual(Option.some(4))
      expect(goes).toHaveLength(2)
    })
  )

  it.live("ask for a key once in one go, and for no more than the most of them", () =>
    Effect.gen(function* () {
      const { goes, lengthOf } = yield* setting
      yield* Effect.forEach(["a", "bb", "a", "a"], lengthOf, { concurrency: "unbounded" })
      expect(goes).toEqual([["a", "bb"], ["a"], ["a"]])
      goes.length = 0
      const words = Array.from({ length: 1200 }, (_, index) => `${index}`)
      const answers = yield* Effect.forEach(words, lengthOf, { concurrency: "unbounded" })
      expect(answers).toEqual(words.map(({ length }) => Option.some(length)))
      expect(goes.map(({ length }) => length)).toEqual([500, 500, 200])
    })
  )

  it.live("fail for all of a go, and for nobody after it", () =>
    Effect.gen(function* () {
      const { leave, lengthOf } = yield* setting
      leave()
      const answers = yield* Effect.forEach(["a", "bb"], (word) => Effect.either(lengthOf(word)), { concurrency: 2 })
      expect(answers).toEqual([Either.left("away"), Either.left("away")])
    })
  )

  it.live("do not tell the database for whom they are asked", () =>
    Effect.gen(function* () {
      const whoAsks = yield* makeTogether((words: ReadonlyArray<string>) =>
        Effect.map(Effect.serviceOption(Principal), (served) => new Map(words.map((word) => [word, Option.isSome(served)])))
      )
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks into it
      const somebody = {} as typeof Principal.Service
      expect(yield* Effect.provideService(whoAsks("a"), Principal, somebody)).toEqual(Option.some(false))
    })
  )
})
