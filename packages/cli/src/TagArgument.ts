import { Options } from "@effect/cli"

/** Which tags are put on things, or taken off them. */
export const tagOptions = {
  tags: Options.text("tag").pipe(Options.atLeast(1), Options.withDescription("The tag; may be repeated.")),
  remove: Options.boolean("remove").pipe(Options.withDescription("Take the tags off."))
}
