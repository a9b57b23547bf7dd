import { useState } from "react"
import { Icon } from "./Icon.js"

/** A command line to be copied. */
export const Command = ({ children }: { readonly children: string }) => {
  const [copied, setCopied] = useState(false)
  // Browsers give no clipboard to pages that are not served over TLS or from this machine.
  const clipboard: Clipboard | undefined = navigator.clipboard
  const copy = () =>
    clipboard?.writeText(children).then(
      () => setCopied(true),
      () => setCopied(false)
    )
  return (
    <div className="flex max-w-full items-center gap-2 rounded-md border border-line bg-ground pl-3 font-mono text-[13px]">
      <code className="min-w-0 flex-1 overflow-x-auto py-2 whitespace-nowrap">{children}</code>
      {clipboard !== undefined && (
        <button
          type="button"
          onClick={copy}
          className="grid size-9 place-items-center text-muted hover:text-ink"
          aria-label="Copy the command"
        >
          <Icon name={copied ? "check" : "copy"} size={16} />
        </button>
      )}
    </div>
  )
}
