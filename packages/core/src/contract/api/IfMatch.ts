import { Schema } from "effect"

/** An entity tag is the thing's revision in quotes; without one, or with `*`, whatever is there is changed (RFC 9110 13.1.1). */
export const IfMatch = Schema.Struct({
  "if-match": Schema.optional(
    Schema.String.pipe(
      Schema.pattern(/^(\*|(W\/)?"[!#-~]{0,100}")$/, { message: () => "Expected *, or one entity tag in quotes" })
    )
  )
})
