import { Schema } from "effect"

/** How many entries a page has, as it travels in a URL. */
export const PageSize = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 500)), {
  default: () => 50
})
