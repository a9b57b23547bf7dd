import { describe, expect, it } from "@effect/vitest"
import { escapeXml, find, findAll, readXml, textIn } from "@vigil/runtime/discovery/Xml"
import * as fc from "effect/FastCheck"

describe("what devices say", () => {
  it("is found by local names, whatever the prefixes", () => {
    const root = readXml('<a:e xmlns:a="u"><b:list xmlns:b="v"><b:i token="1"> one </b:i><i><![CDATA[<two>]]></i></b:list></a:e>')
    expect(findAll(root, "i").map(({ text }) => text)).toEqual(["one", "<two>"])
    expect(find(root, "i")?.attributes).toEqual({ token: "1" })
    expect(textIn(root, "list")).toBeUndefined()
    expect(find(root, "e")).toBeUndefined()
  })

  it("is refused where it is not well-formed, has a document type, or is absurd", () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    const wrong = [
      "",
      "text",
      "<a>",
      "<a></b>",
      "<a/><b/>",
      "<a>&undefined;</a>",
      bomb,
      "<a>".repeat(50),
      `<a>${"<b/>".repeat(20_001)}</a>`
    ]
    for (const document of wrong) expect(readXml(document), document.slice(0, 40)).toBeUndefined()
  })

  it("never throws, and comes back as it was written", () => {
    fc.assert(fc.property(fc.fullUnicodeString(), (text) => readXml(text)?.name !== ""))
    fc.assert(fc.property(fc.string(), (text) => readXml(`<a>${escapeXml(text)}</a>`)?.text === text.trim()))
  })
})
