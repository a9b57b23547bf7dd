import { Schema } from "effect"
import { priorities } from "./PriorityOrder.js"

/** How urgent a model's work and its events are. */
export const Priority = Schema.Literal(...priorities)
export type Priority = typeof Priority.Type
