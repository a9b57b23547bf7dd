/** How much of something there is, as a bar with words under it; `full` from where it is worth a look. */
export const Meter = ({
  label,
  share,
  text,
  full = Number.POSITIVE_INFINITY
}: {
  /** For whoever reads aloud. */
  readonly label: string
  /** 0..1; more is shown as all. */
  readonly share: number
  readonly text: string
  readonly full?: number
}) => {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100)
  return (
    <div className="min-w-0">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuetext={text}
        className="h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div className={`h-full rounded-full ${share >= full ? "bg-warn" : "bg-accent"}`} style={{ width: `${percent}%` }} />
      </div>
      <p className="tabular mt-1 text-[13px] break-words text-muted">{text}</p>
    </div>
  )
}
