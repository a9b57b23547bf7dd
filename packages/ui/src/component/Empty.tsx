import type { ReactNode } from "react"
import { Icon, type IconName } from "./Icon.js"

/** What a page shows when it has nothing: what would be here, and how to get it. */
export const Empty = ({
  icon,
  title,
  children
}: {
  readonly icon: IconName
  readonly title: string
  readonly children: ReactNode
}) => (
  <div className="mx-auto flex max-w-md flex-col items-center gap-3 px-4 py-14 text-center">
    <span className="grid size-12 place-items-center rounded-full bg-raised text-accent">
      <Icon name={icon} size={24} />
    </span>
    <h2 className="text-lg font-semibold">{title}</h2>
    <div className="flex max-w-full flex-col items-center gap-4 text-soft">{children}</div>
  </div>
)
