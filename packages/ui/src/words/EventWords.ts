import type { Event, EventStatus, EventType } from "@vigil/core/Event"
import type { Priority } from "@vigil/core/Priority"

const types: Readonly<Record<EventType, string>> = {
  INTRUSION: "Intrusion",
  MOTION: "Motion",
  TAMPERING: "Tampering",
  FIRE_SMOKE: "Fire or smoke",
  CROWD: "Crowd",
  MISSING_OBJECT: "Missing object",
  ABNORMAL_BEHAVIOUR: "Abnormal behaviour",
  FALLEN_PERSON: "Fallen person",
  TAILGATING: "Tailgating",
  LICENCE_PLATE: "Licence plate",
  FACE: "Face"
}

const statuses: Readonly<Record<EventStatus, string>> = {
  NEW: "New",
  ACKNOWLEDGED: "Acknowledged",
  RESOLVED: "Resolved",
  FALSE_POSITIVE: "False positive"
}

const priorities: Readonly<Record<Priority, string>> = {
  CRITICAL: "Critical",
  HIGH: "High",
  MEDIUM: "Medium",
  STANDARD: "Standard"
}

export const typeWords = (type: EventType): string => types[type]
export const statusWords = (status: EventStatus): string => statuses[status]
export const priorityWords = (priority: Priority): string => priorities[priority]

export const isEventType = (value: string): value is EventType => Object.hasOwn(types, value)
export const isEventStatus = (value: string): value is EventStatus => Object.hasOwn(statuses, value)

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1).replaceAll("_", " ")

/** What happened, from the event's details: `Person in Gate (enter)`. Empty where nothing is known but the type. */
export const eventSubject = ({ detectionMetadata: { objectClass, zone, detail } }: Event): string => {
  const what = objectClass === undefined ? "" : capital(objectClass)
  const where = zone === undefined ? "" : what === "" ? zone : `in ${zone}`
  const subject = [what, where].filter((part) => part !== "").join(" ")
  if (detail === undefined) return subject
  return subject === "" ? capital(detail) : `${subject} (${detail.replaceAll("_", " ")})`
}

/** A text that is an address of the web, and nothing that runs a script. */
export const webAddress = (text: string): string | undefined => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  return new URL(text).href
}
