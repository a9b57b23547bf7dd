import { Schema } from "effect"

/** How urgent a model's work and its events are, most urgent first. */
export const Priority = Schema.Literal("CRITICAL", "HIGH", "MEDIUM", "STANDARD")
export type Priority = typeof Priority.Type

/** All priorities, most urgent first. */
export const priorities: ReadonlyArray<Priority> = Priority.literals

/** 0 for the most urgent; smaller runs first. */
export const rank = (priority: Priority): number => priorities.indexOf(priority)
