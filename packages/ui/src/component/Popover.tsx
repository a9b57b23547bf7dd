import { type ReactNode, useEffect, useId, useRef, useState } from "react"

/** A button that opens a small panel under it; Escape, a click elsewhere, a link in it or leaving it by keyboard closes it. */
export const Popover = ({
  label,
  trigger,
  children
}: {
  readonly label: string
  readonly trigger: ReactNode
  readonly children: ReactNode
}) => {
  const [open, setOpen] = useState(false)
  const frame = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  useEffect(() => {
    if (!open) return
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) setOpen(false)
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener("pointerdown", onPointer)
    document.addEventListener("keydown", onKey)
    return () => {
      document.removeEventListener("pointerdown", onPointer)
      document.removeEventListener("keydown", onKey)
    }
  }, [open])
  return (
    <div
      ref={frame}
      className="relative"
      onBlur={(event) => {
        if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget)) setOpen(false)
      }}
    >
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex min-h-9 items-center rounded-full"
      >
        {trigger}
      </button>
      {open && (
        <div
          id={id}
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest("a") !== null) setOpen(false)
          }}
          className="panel absolute top-full right-0 z-40 mt-2 w-72 max-w-[calc(100vw-1.5rem)] p-4 shadow-2xl shadow-black/60"
        >
          {children}
        </div>
      )}
    </div>
  )
}
