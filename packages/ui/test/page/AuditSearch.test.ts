import { describe, expect, it } from "vitest"
import { auditFilter, auditSearch } from "../../src/page/AuditSearch.js"

describe("the filters of the audit trail", () => {
  it("are what of an address fits, and nothing else", () => {
    expect(auditSearch({ actor: "root", action: "camera.create", from: "2026-05-04", subject: "x", other: "y" })).toEqual({
      actor: "root",
      action: "camera.create",
      from: "2026-05-04",
      subject: "x"
    })
    expect(auditSearch({ actor: "", action: "camera.paint", from: "yesterday", to: "2026-13-40" })).toEqual({})
  })

  it("take whole days where the reader is, the last one included", () => {
    const { from, to } = auditFilter({ from: "2026-05-04", to: "2026-05-04" })
    expect(from?.epochMillis).toBe(new Date(2026, 4, 4).getTime())
    expect(to?.epochMillis).toBe(new Date(2026, 4, 5).getTime())
  })
})
