import { Data } from "effect"

/** The database cannot be started, reached or brought up to date; `detail` says what to do. */
export class DatabaseError extends Data.TaggedError("DatabaseError")<{ readonly step: string; readonly detail: string }> {
  override get message() {
    return `database: ${this.step}: ${this.detail}`
  }
}
