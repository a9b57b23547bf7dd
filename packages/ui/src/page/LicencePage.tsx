import { useQuery } from "@tanstack/react-query"
import type { LicenceStanding } from "@vigil/core/Licence"
import { permits } from "@vigil/core/User"
import type { DateTime } from "effect"
import { useClient, useUser } from "../client/ClientContext.js"
import { licenceQuery } from "../client/Licence.js"
import { modelsQuery } from "../client/Queries.js"
import { Badge } from "../component/Badge.js"
import { Loaded } from "../component/Loaded.js"
import { Meter } from "../component/Meter.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { Section } from "../form/Section.js"
import { camerasOfLicence, licenceWords } from "../words/LicenceWords.js"
import { sentence } from "../words/Sentence.js"
import { utcTime } from "../words/TimeWords.js"

/** By the day of UTC, as licences are made. */
const Day = ({ at }: { readonly at: DateTime.Utc }) => {
  const date = new Date(at.epochMillis)
  return (
    <time dateTime={date.toISOString()} title={utcTime(date)} className="tabular">
      {date.toISOString().slice(0, 10)}
    </time>
  )
}

const Validity = ({ licence: { validFrom, validUntil } }: LicenceStanding) => (
  <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1">
    <dt className="text-soft">From</dt>
    <dd>{validFrom === null ? "the beginning" : <Day at={validFrom} />}</dd>
    <dt className="text-soft">Until</dt>
    <dd>{validUntil === null ? "without an end" : <Day at={validUntil} />}</dd>
  </dl>
)

const Models = ({ licence: { models } }: LicenceStanding) => {
  const known = useQuery(modelsQuery(useClient())).data ?? []
  if (models === null) return <p>All models.</p>
  if (models.length === 0) return <p>None: nothing is recognised.</p>
  return (
    <ul className="flex flex-col gap-1">
      {models.map((model) => {
        const title = known.find(({ descriptor }) => descriptor.id === model)?.descriptor.title
        return (
          <li key={model} className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-mono text-[13px] break-all">{model}</span>
            {title !== model && <span className="text-muted">{title}</span>}
          </li>
        )
      })}
    </ul>
  )
}

const Standing = ({ standing }: { readonly standing: LicenceStanding }) => {
  const { enabledCameras, licence, status, warning } = standing
  const [words, tone] = licenceWords(status)
  // Administrators read it above the page.
  const isWarned = permits(useUser().role, "admin")
  return (
    <>
      {warning !== null && !isWarned && <Notice tone="warn" title={sentence(warning)} />}
      <Section title="Cameras" note="Those that are enabled count; others do not.">
        {licence.cameras === null ? (
          <p>{camerasOfLicence(standing)}, without a limit.</p>
        ) : (
          <Meter
            label="Cameras of the licence"
            share={licence.cameras === 0 ? 1 : enabledCameras / licence.cameras}
            text={camerasOfLicence(standing)}
            full={0.9}
          />
        )}
      </Section>
      <Section title="Validity">
        <div className="flex flex-col items-start gap-3">
          <Badge tone={tone}>{words}</Badge>
          <Validity {...standing} />
        </div>
      </Section>
      <Section title="Models" note="What cameras may be given, models of your own included.">
        <Models {...standing} />
      </Section>
    </>
  )
}

/** What the tenant's licence allows, and how much of it is used. */
export const LicencePage = () => (
  <OnlyFor role="supervisor" title="Licence">
    <LicenceOfTenant />
  </OnlyFor>
)

const LicenceOfTenant = () => {
  const standing = useQuery({ ...licenceQuery, staleTime: 0 })
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Licence" note="What it allows, and how much of it is used. The operator of the installation changes it." />
      <Loaded query={standing}>{(known) => <Standing standing={known} />}</Loaded>
    </div>
  )
}
