import type { ReactNode } from "react"

/** A titled table of names and values. */
export const Figures = ({
  title,
  rows
}: {
  readonly title: string
  readonly rows: ReadonlyArray<readonly [name: string, value: ReactNode, hint?: string]>
}) => (
  <section className="px-4 py-3">
    <h2 className="mb-1.5 text-[13px] font-semibold text-muted">{title}</h2>
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
      {rows.map(([name, value, hint]) => (
        <div key={name} className="contents">
          <dt className="text-soft" title={hint}>
            {name}
          </dt>
          <dd className="tabular text-right break-words">{value}</dd>
        </div>
      ))}
    </dl>
  </section>
)
