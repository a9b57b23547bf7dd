/** How many further parts of a list are shown, as it stands in a page's address: coming back shows as much. */
export interface MoreSearch {
  readonly more?: number
}

/** Nobody reads on so far; a link must not have the page ask for ever. */
const most = 200

export const moreSearch = ({ more }: Readonly<Record<string, unknown>>): MoreSearch => {
  const parts = Number(more)
  return Number.isInteger(parts) && parts > 0 ? { more: Math.min(parts, most) } : {}
}

/** Whether a page is narrowed, however much of it is shown. */
export const isNarrowed = ({ more: _, ...filters }: MoreSearch & Readonly<Record<string, unknown>>): boolean =>
  Object.keys(filters).length > 0
