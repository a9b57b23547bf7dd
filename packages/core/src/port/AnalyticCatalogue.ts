import { Context, Schema } from "effect"
import type { Effect } from "effect"
import type { AnalyticAssignment, AnalyticDescriptor } from "../Analytic.js"

/** `detail` names the setting and what it must be. */
export class InvalidAnalytic extends Schema.TaggedError<InvalidAnalytic>()("InvalidAnalytic", {
  analytic: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `analytic ${this.analytic}: ${this.detail}`
  }
}

/** The analytics that this program has. */
export class AnalyticCatalogue extends Context.Tag("@vigil/core/AnalyticCatalogue")<
  AnalyticCatalogue,
  {
    readonly list: ReadonlyArray<AnalyticDescriptor>
    /** Checks an assignment's settings against the analytic's own schema. */
    readonly check: (assignment: AnalyticAssignment) => Effect.Effect<void, InvalidAnalytic>
  }
>() {}
