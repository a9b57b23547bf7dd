import type { CameraState } from "@vigil/core/CameraState"
import type { EventStatus } from "@vigil/core/Event"
import type { Priority } from "@vigil/core/Priority"
import type { ReactNode } from "react"
import { stateWords, type Tone } from "../words/CameraWords.js"
import { priorityWords, statusWords } from "../words/EventWords.js"
import { useNow } from "./Clock.js"

const tones: Readonly<Record<Tone, string>> = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
  calm: "text-calm",
  idle: "text-muted"
}

export const Badge = ({
  tone,
  children,
  title
}: {
  readonly tone: Tone
  readonly children: ReactNode
  readonly title?: string
}) => (
  <span
    className={`inline-flex items-center gap-1.5 rounded-full bg-ground/80 px-2 py-0.5 text-xs font-medium whitespace-nowrap ${tones[tone]}`}
    title={title}
  >
    <span className="size-1.5 rounded-full bg-current" aria-hidden="true" />
    {children}
  </span>
)

export const StateBadge = ({ state }: { readonly state: CameraState | undefined }) => {
  const { badge, tone, sentence } = stateWords(state, useNow())
  return (
    <Badge tone={tone} title={sentence}>
      {badge}
    </Badge>
  )
}

const statusTones: Readonly<Record<EventStatus, Tone>> = {
  NEW: "calm",
  ACKNOWLEDGED: "warn",
  RESOLVED: "good",
  FALSE_POSITIVE: "idle"
}

export const EventStatusBadge = ({ status }: { readonly status: EventStatus }) => (
  <Badge tone={statusTones[status]}>{statusWords(status)}</Badge>
)

const priorityTones: Readonly<Record<Priority, Tone>> = { CRITICAL: "bad", HIGH: "warn", MEDIUM: "calm", STANDARD: "idle" }

export const PriorityMark = ({ priority }: { readonly priority: Priority }) => (
  <span className={`text-xs font-medium ${tones[priorityTones[priority]]}`}>{priorityWords(priority)}</span>
)
