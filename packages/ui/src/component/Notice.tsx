import type { ReactNode } from "react"
import { Icon, type IconName } from "./Icon.js"

type Tone = "bad" | "warn" | "calm" | "good"

const tones: Readonly<Record<Tone, { readonly box: string; readonly ink: string; readonly icon: IconName }>> = {
  bad: { box: "border-bad/40 bg-bad/10", ink: "text-bad", icon: "alert" },
  warn: { box: "border-warn/40 bg-warn/10", ink: "text-warn", icon: "alert" },
  calm: { box: "border-calm/30 bg-calm/10", ink: "text-calm", icon: "bell" },
  good: { box: "border-good/30 bg-good/10", ink: "text-good", icon: "check" }
}

/** A message within a page; errors are read out at once. */
export const Notice = ({
  tone,
  title,
  children
}: {
  readonly tone: Tone
  readonly title: string
  readonly children?: ReactNode
}) => (
  <div className={`flex gap-3 rounded-lg border px-3.5 py-3 ${tones[tone].box}`} role={tone === "bad" ? "alert" : "status"}>
    <span className={`mt-px ${tones[tone].ink}`}>
      <Icon name={tones[tone].icon} />
    </span>
    <div className="min-w-0">
      <p className="font-medium break-words">{title}</p>
      {children !== undefined && <div className="mt-1 text-soft break-words">{children}</div>}
    </div>
  </div>
)
