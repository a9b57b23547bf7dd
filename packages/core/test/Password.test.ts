import { describe, expect, it } from "@effect/vitest"
import { passwordComplaints, shortestPassword } from "@vigil/core/Password"
import * as fc from "effect/FastCheck"

describe("password rules", () => {
  it("take long ones of any kind", () => {
    for (const password of ["correct horse battery", "fhqwhgads-4711", "πίσσα και πούπουλα", "🐎🔋📎✅🚲🌵🎻🧊🍋🦉🪁🛶"]) {
      expect(passwordComplaints("root", password), password).toEqual([])
    }
  })

  it("complain in words about short, endless, repeated and obvious ones", () => {
    expect(passwordComplaints("root", "tiny")).toEqual([
      `A password has at least ${shortestPassword} characters; this one has 4.`
    ])
    expect(passwordComplaints("root", "x1".repeat(200))[0]).toMatch(/at most 256/)
    expect(passwordComplaints("root", "abababababab")).toEqual(["This password repeats too few characters."])
    expect(passwordComplaints("superuser", "superuser2026")[0]).toMatch(/user name/)
    expect(passwordComplaints("root", "Password12345")[0]).toMatch(/tried first/)
  })

  it("count characters as people do, and never throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, password) => {
        const tooShort = passwordComplaints(name, password).some((complaint) => complaint.includes("at least"))
        expect(tooShort).toBe([...password].length < shortestPassword)
      })
    )
  })
})
