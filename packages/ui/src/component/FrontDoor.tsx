import type { ReactNode } from "react"
import { Mark } from "./Icon.js"

/** The frame of the pages that are shown before anybody is signed in. */
export const FrontDoor = ({
  title,
  intro,
  children
}: {
  readonly title: string
  readonly intro: ReactNode
  readonly children: ReactNode
}) => (
  <main className="grid min-h-full place-items-center px-4 py-10">
    <title>{`${title} · Vigil`}</title>
    <div className="w-full max-w-sm">
      <div className="mb-8 flex items-center gap-3">
        <Mark size={36} />
        <span className="text-xl font-semibold tracking-tight">Vigil</span>
      </div>
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-2 mb-6 text-soft">{intro}</p>
      {children}
    </div>
  </main>
)
