import type { Role } from "@vigil/core/User"

/** What somebody of that role does with Vigil. */
export const roleWords: Readonly<Record<Role, string>> = {
  admin: "Everything, people and the settings of all included",
  supervisor: "Adds and changes cameras and places, besides what operators do",
  operator: "Answers events and restarts cameras, besides looking",
  viewer: "Looks at cameras and events"
}
