import { ParseResult, Predicate } from "effect"
import { CommandFailed } from "../Output.js"
import { version as own } from "../Version.js"

const unknownRoute = "urn:vigil:problem:no-route"

/** Of a call, not of a thing: the server lacks it. */
export const isUnknownRoute = (error: unknown): boolean => Predicate.hasProperty(error, "type") && error.type === unknownRoute

/** Whether a server of another version fails so: it lacks what was asked for, or answers in a form that is not known here. */
export const isSkew = (error: unknown): boolean =>
  ParseResult.isParseError(error) ||
  isUnknownRoute(error) ||
  (Predicate.hasProperty(error, "_tag") && error._tag === "ResponseError")

/** What a command ends with where the server and the command line do not understand each other: which versions they are, as far as that is known, and what to do. */
export const skewed = (url: string, theirs: string | undefined): CommandFailed =>
  new CommandFailed({
    detail:
      theirs === undefined
        ? `the Vigil at ${url} does not know what this command asks for: vigil is ${own} here, and another version there; use the same one`
        : `the Vigil at ${url} is ${theirs} and vigil is ${own} here: they do not understand each other; restart it as ${own}, or use vigil ${theirs}`
  })

/** Whether a server is known to be of another version. */
export const isOther = (theirs: string | undefined): theirs is string => theirs !== undefined && theirs !== own
