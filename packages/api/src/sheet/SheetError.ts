import { Data } from "effect"

/** A file that is no table of cameras, or too large a one. */
export class SheetError extends Data.TaggedError("SheetError")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}
