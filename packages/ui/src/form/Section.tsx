import type { ReactNode } from "react"

export const Section = ({
  title,
  note,
  children
}: {
  readonly title: string
  readonly note?: string
  readonly children: ReactNode
}) => (
  <section className="panel p-4 sm:p-5">
    <h2 className="font-semibold">{title}</h2>
    {note !== undefined && <p className="text-[13px] text-muted">{note}</p>}
    <div className="mt-4">{children}</div>
  </section>
)
