import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { Icon } from "./Icon.js"

/** A page's title with what can be done on it; `back` leads to the page that it belongs to. */
export const PageHead = ({
  title,
  mark,
  back,
  note,
  children
}: {
  readonly title: string
  /** Beside the title. */
  readonly mark?: ReactNode
  readonly back?: ReactNode
  readonly note?: ReactNode
  readonly children?: ReactNode
}) => (
  <div className="mb-4">
    <title>{`${title} · Vigil`}</title>
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      {back}
      <div className="flex min-w-0 flex-[1_1_10rem] flex-wrap items-center gap-x-3">
        <h1 className="min-w-0 text-xl font-semibold tracking-tight break-words">{title}</h1>
        {mark}
      </div>
      {children !== undefined && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
    {note !== undefined && <div className="mt-1 text-[13px] break-words text-muted">{note}</div>}
  </div>
)

export const BackLink = ({
  label,
  ...target
}: { readonly label: string } & (
  | { readonly to: "/" | "/people" }
  | { readonly to: "/cameras/$id"; readonly params: { readonly id: string } }
)) => (
  <Link
    {...target}
    aria-label={label}
    title={label}
    className="grid size-9 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink"
  >
    <Icon name="back" />
  </Link>
)
