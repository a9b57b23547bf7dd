import { JSONSchema, Schema } from "effect"
import { expect, it } from "vitest"
import { settingFields, shown, withSetting } from "../../src/form/SettingField.js"

const schema = JSONSchema.make(
  Schema.Struct({
    minimumArea: Schema.optionalWith(Schema.Number.pipe(Schema.between(0, 1)), { default: () => 0.1 }),
    count: Schema.optionalWith(Schema.Int.pipe(Schema.nonNegative()), { default: () => 3 }),
    labels: Schema.optionalWith(Schema.Array(Schema.NonEmptyString), { default: () => [] }),
    wholePicture: Schema.optionalWith(Schema.Boolean, { default: () => true }),
    side: Schema.optional(Schema.Literal("left", "right")),
    note: Schema.optional(Schema.String.annotations({ description: "What to say.", default: "hello" })),
    nested: Schema.optional(Schema.Struct({ a: Schema.Number }))
  }),
  { target: "jsonSchema2020-12" }
)

const fields = settingFields(schema)
const field = (key: string) => {
  const found = fields.find((candidate) => candidate.key === key)
  if (found === undefined) throw new Error(`no field ${key}`)
  return found
}

it("asks for what a form can ask for, and leaves the rest alone", () => {
  expect(fields.map(({ key, kind }) => [key, kind._tag])).toEqual([
    ["minimumArea", "Number"],
    ["count", "Number"],
    ["labels", "Texts"],
    ["wholePicture", "Boolean"],
    ["side", "Choice"],
    ["note", "Text"]
  ])
})

it("knows labels, limits, descriptions and defaults", () => {
  expect(field("minimumArea")).toEqual({
    key: "minimumArea",
    label: "Minimum area",
    hint: "0 to 1",
    kind: { _tag: "Number", integer: false, min: 0, max: 1 }
  })
  expect(field("count").kind).toEqual({ _tag: "Number", integer: true, min: 0 })
  expect(field("note").hint).toBe("What to say. · default hello")
})

it("takes what is typed, and goes back to the default when nothing is", () => {
  expect(withSetting({ other: 1 }, field("minimumArea"), "0.25")).toEqual({ other: 1, minimumArea: 0.25 })
  expect(withSetting({ minimumArea: 0.25 }, field("minimumArea"), "")).toEqual({})
  expect(withSetting({ minimumArea: 0.25 }, field("minimumArea"), "a lot")).toEqual({ minimumArea: 0.25 })
  expect(withSetting({}, field("wholePicture"), "false")).toEqual({ wholePicture: false })
  expect(withSetting({}, field("labels"), "person, car")).toEqual({ labels: ["person", "car"] })
})

it("shows values as they are typed", () => {
  expect([shown(["a", "b"]), shown(false), shown(0.5), shown(undefined), shown({ a: 1 })]).toEqual([
    "a, b",
    "false",
    "0.5",
    "",
    ""
  ])
})

it("has no fields for what is not a schema", () => {
  expect(settingFields(null)).toEqual([])
  expect(settingFields({ properties: { loop: { $ref: "#/$defs/loop" } }, $defs: { loop: { $ref: "#/$defs/loop" } } })).toEqual([])
})
