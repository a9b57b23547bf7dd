import { useQuery } from "@tanstack/react-query"
import type { Erasure } from "@vigil/core/Erasure"
import { erasuresQuery } from "../client/Privacy.js"
import { Badge } from "../component/Badge.js"
import { buttonClass } from "../component/Button.js"
import { Icon } from "../component/Icon.js"
import { Loaded } from "../component/Loaded.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { Time } from "../component/Time.js"
import { ErasureForm } from "../form/ErasureForm.js"
import { Section } from "../form/Section.js"
import { count } from "../words/Units.js"

const Report = ({ erasure }: { readonly erasure: Erasure }) => {
  const { edges, erased, expected, finishedAt, reason, remains, requestedAt, requestedBy } = erasure
  const pending = edges.filter(({ state }) => state === "pending")
  return (
    <li className="flex flex-col gap-1 py-3" data-testid="erasure">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 font-medium break-words">{reason}</span>
        <Badge tone={finishedAt === null ? "warn" : "good"}>{finishedAt === null ? "under way" : "finished"}</Badge>
      </p>
      <p className="text-[13px] text-muted">
        <Time at={requestedAt} withDate /> by {requestedBy.username} · {count(erased.events)} of {count(expected)} events erased
        {pending.length > 0 && ` · waits for ${pending.map(({ name }) => name).join(", ")}`}
      </p>
      <details className="text-[13px] text-muted">
        <summary className="py-1 hover:text-ink">Where something may remain</summary>
        <ul className="list-disc pl-5">
          {remains.map((text) => (
            <li key={text} className="break-words">
              {text}
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}

const Reports = () => (
  <Loaded query={useQuery(erasuresQuery)}>
    {(erasures) =>
      erasures.length === 0 ? (
        <p className="text-muted">Nothing was erased yet.</p>
      ) : (
        <ul className="-my-3 divide-y divide-line">
          {erasures.map((erasure) => (
            <Report key={erasure.id} erasure={erasure} />
          ))}
        </ul>
      )
    }
  </Loaded>
)

/** Erasing what is known of people, and the archive of all that is kept. */
export const PrivacyPage = () => (
  <OnlyFor role="admin" title="Erasure and export">
    <div className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
      <PageHead title="Erasure and export" note="What is kept of people, and what is not to be kept any more" />
      <Section title="Erase events" note="Of a time, a camera or a person. What that would be is shown first; times are yours.">
        <ErasureForm />
      </Section>
      <Section title="Reports" note="What was erased, by whom and why. They name nobody who was seen.">
        <Reports />
      </Section>
      <Section title="Export" note="An archive of all that is kept here: cameras, places, people, events, settings, audit trail.">
        <a href="/api/v1/privacy/export" download className={buttonClass("plain", true)}>
          <Icon name="download" size={15} /> Download everything
        </a>
      </Section>
    </div>
  </OnlyFor>
)
