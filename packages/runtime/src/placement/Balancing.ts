import { defaultBalancePolicy } from "@vigil/core/placement/BalancePolicy"
import { Context } from "effect"

/** The policy that the nodes of a cluster keep their load in bounds by. */
export class Balancing extends Context.Reference<Balancing>()("@vigil/runtime/Balancing", {
  defaultValue: () => defaultBalancePolicy
}) {}
