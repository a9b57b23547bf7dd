import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { type ErasureDraft, emptyDraft, selectionOf } from "../../src/form/ErasureDraft.js"

const camera = "391056d2-cbdc-47c6-9841-372620a0fa7f"
const typed = (draft: Partial<ErasureDraft>) => selectionOf({ ...emptyDraft, ...draft })

describe("what is to be erased", () => {
  it("is of the time where the reader is, the camera and the tracks that were typed", () => {
    const selection = Either.getOrThrow(typed({ from: "2026-05-04T10:00", camera, tracks: `${camera}, ` }))
    expect(selection.from?.epochMillis).toBe(new Date(2026, 4, 4, 10).getTime())
    expect(selection).toMatchObject({ cameraIds: [camera], trackingIds: [camera] })
    expect(selection.to).toBeUndefined()
  })

  it("is something, and of a time that ends after it begins", () => {
    expect(typed({})).toMatchObject({ left: "Say which: a time, a camera or tracks." })
    expect(typed({ from: "2026-05-04T10:00", to: "2026-05-04T09:00" })).toMatchObject({
      left: "The time must end after it begins."
    })
    expect(typed({ tracks: "somebody" })).toMatchObject({ _tag: "Left" })
  })
})
