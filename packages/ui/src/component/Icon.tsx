const paths = {
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 21h4",
  cube: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  pin: "M12 21s-6-6-6-11a6 6 0 1 1 12 0c0 5-6 11-6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  plus: "M12 5v14M5 12h14",
  camera: "M4 7h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM16 11l5-3v8l-5-3",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  restart: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  pencil: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  expand: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  alert: "M12 4l9 16H3zM12 10v4M12 17v.5",
  polygon: "M5 9l8-5 7 6-3 9H7z",
  line: "M5 18L19 6M4 19a1 1 0 1 0 2 0 1 1 0 1 0-2 0M18 5a1 1 0 1 0 2 0 1 1 0 1 0-2 0",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  undo: "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  offline: "M4 4l16 16M8.5 12.5a5 5 0 0 1 3-1.5M5 9a10 10 0 0 1 3-2M12 7a10 10 0 0 1 7 2M15.5 12.5l-.5-.4M12 18v.5",
  chevron: "M9 5l7 7-7 7"
} as const

export type IconName = keyof typeof paths

/** Drawn in the colour of the text; the words beside it, or the button's label, say what it means. */
export const Icon = ({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    strokeWidth={1.7}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    className="shrink-0"
  >
    <path d={paths[name]} />
  </svg>
)

export const Mark = ({ size = 28 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0 text-accent">
    <path
      d="M4 16c3.2-5 7.2-7.5 12-7.5S24.8 11 28 16c-3.2 5-7.2 7.5-12 7.5S7.2 21 4 16Z"
      fill="none"
      stroke="currentColor"
      strokeWidth={2.2}
      strokeLinejoin="round"
    />
    <circle cx={16} cy={16} r={3.6} fill="currentColor" />
  </svg>
)
