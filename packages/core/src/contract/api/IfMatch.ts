import { Schema } from "effect"

const entityTag = String.raw`(W\/)?"[!#-~]{0,100}"`

/** At most 20 of them; lists may have empty elements (RFC 9110 5.6.1.2). */
const entityTags = new RegExp(String.raw`^[ \t]*(\*|(,[ \t]*){0,5}${entityTag}([ \t]*,([ \t]*${entityTag})?){0,19})[ \t]*$`)

/** An entity tag is the thing's revision in quotes; without one, or with `*`, whatever is there is changed (RFC 9110 13.1.1). */
export const IfMatch = Schema.Struct({
  "if-match": Schema.optional(
    Schema.String.pipe(
      Schema.pattern(entityTags, { message: () => "Expected *, or up to 20 entity tags in quotes with commas between" })
    ).annotations({
      description:
        "The ETag that was read, or several with commas between: the change is made where the thing is at one of them, and answered 412 where it is not. `*`: whatever is there is changed."
    })
  )
})
