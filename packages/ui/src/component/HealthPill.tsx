import { useQuery } from "@tanstack/react-query"
import type { HealthStatus } from "@vigil/core/port/Health"
import { useClient } from "../client/ClientContext.js"
import { healthQuery } from "../client/Queries.js"
import { useStore } from "../client/Store.js"
import { errorWords } from "../words/ErrorWords.js"
import { Popover } from "./Popover.js"

const colours: Readonly<Record<HealthStatus, string>> = { pass: "text-good", warn: "text-warn", fail: "text-bad" }
const words: Readonly<Record<HealthStatus, string>> = { pass: "well", warn: "degraded", fail: "failing" }

const Dot = ({ className }: { readonly className: string }) => (
  <span className={`size-2 shrink-0 rounded-full bg-current ${className}`} aria-hidden="true" />
)

/** How the server and its parts are, in a word; each part when opened. */
export const HealthPill = () => {
  const client = useClient()
  const health = useQuery(healthQuery(client))
  const connected = useStore(client.connection)._tag === "Open"
  const parts = health.data ?? []
  const troubled = parts.filter(({ status }) => status !== "pass")
  const worst: HealthStatus = troubled.some(({ status }) => status === "fail") ? "fail" : troubled.length > 0 ? "warn" : "pass"
  const known = connected && health.isSuccess
  const summary = !known
    ? "Checking"
    : troubled.length === 0
      ? "All well"
      : troubled.length === 1
        ? "1 problem"
        : `${troubled.length} problems`
  return (
    <Popover
      label={`Health: ${summary}`}
      trigger={
        <span
          data-testid="health"
          className={`flex min-h-8 items-center gap-2 rounded-full border border-line px-3 text-[13px] font-medium ${known ? colours[worst] : "text-muted"}`}
        >
          <Dot className="" />
          {summary}
        </span>
      }
    >
      <h2 className="mb-2 font-semibold">Health</h2>
      {health.isError && <p className="text-bad">{errorWords(health.error)}</p>}
      <ul className="flex flex-col gap-2">
        {parts.map(({ component, status, detail }) => (
          <li key={component} className="flex gap-2.5">
            <Dot className={`mt-1.5 ${colours[status]}`} />
            <span className="min-w-0">
              {component} <span className={`text-[13px] ${colours[status]}`}>{words[status]}</span>
              {detail !== undefined && <span className="block text-[13px] break-words text-muted">{detail}</span>}
            </span>
          </li>
        ))}
      </ul>
    </Popover>
  )
}
