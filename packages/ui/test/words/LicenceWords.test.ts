import { Licence, standingOf } from "@vigil/core/Licence"
import { DateTime } from "effect"
import { expect, it } from "vitest"
import { camerasOfLicence, licenceWords } from "../../src/words/LicenceWords.js"

const now = DateTime.unsafeMake("2026-11-21T12:00:00Z")
const standing = (cameras: number | null, validUntil: string | null) =>
  standingOf(
    Licence.make({
      cameras,
      validFrom: null,
      validUntil: validUntil === null ? null : DateTime.unsafeMake(validUntil),
      models: null
    }),
    4,
    now
  )

it("tells how many cameras a licence allows, and how it stands", () => {
  expect([standing(null, null), standing(5, null), standing(1, null)].map(camerasOfLicence)).toEqual([
    "4 cameras enabled",
    "4 of 5 cameras enabled",
    "4 of 1 camera enabled"
  ])
  expect(licenceWords(standing(5, "2026-12-05T00:00:00Z").status)).toEqual(["Ends soon", "warn"])
  expect(licenceWords(standing(3, null).status)).toEqual(["Exceeded", "bad"])
})
