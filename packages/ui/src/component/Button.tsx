import type { ButtonHTMLAttributes, Ref } from "react"
import { Icon, type IconName } from "./Icon.js"

type Tone = "primary" | "plain" | "danger" | "quiet"

const tones: Readonly<Record<Tone, string>> = {
  primary: "bg-accent text-accent-ink font-semibold hover:bg-[#b5c5ff]",
  plain: "border border-edge/50 bg-raised text-ink hover:bg-hover",
  danger: "border border-bad/50 bg-raised text-bad hover:bg-bad/15",
  quiet: "text-soft hover:bg-hover hover:text-ink"
}

export const buttonClass = (tone: Tone, small = false): string =>
  `inline-flex items-center justify-center gap-2 rounded-md whitespace-nowrap transition-colors disabled:opacity-50
  ${small ? "min-h-8 px-2.5 py-1 text-[13px]" : "min-h-10 px-3.5 py-2"} ${tones[tone]}`

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: Tone
  readonly small?: boolean
  readonly icon?: IconName
  readonly busy?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

export const Button = ({
  tone = "plain",
  small = false,
  icon,
  busy = false,
  children,
  className,
  disabled,
  ...rest
}: ButtonProps) => (
  <button
    type="button"
    className={`${buttonClass(tone, small)} ${className ?? ""}`}
    disabled={disabled || busy}
    aria-busy={busy}
    {...rest}
  >
    {busy ? <Spinner /> : icon && <Icon name={icon} size={small ? 15 : 17} />}
    {children}
  </button>
)

export const Spinner = ({ size = 16 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 24 24" className="shrink-0 animate-spin" aria-hidden="true">
    <circle cx={12} cy={12} r={9} fill="none" stroke="currentColor" strokeOpacity={0.25} strokeWidth={3} />
    <path d="M12 3a9 9 0 0 1 9 9" fill="none" stroke="currentColor" strokeWidth={3} strokeLinecap="round" />
  </svg>
)
