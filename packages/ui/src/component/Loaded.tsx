import type { UseQueryResult } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { errorWords } from "../words/ErrorWords.js"
import { Spinner } from "./Button.js"
import { Notice } from "./Notice.js"

/** Says that something is on its way, once that takes long enough to be worth a word. */
export const Loading = () => (
  <p role="status" className="late flex items-center gap-2.5 p-4 text-muted">
    <Spinner /> Loading
  </p>
)

/** What a query answers with; until then that it loads, and what went wrong where it did. */
export const Loaded = <A,>({
  query: { data, error },
  children
}: {
  readonly query: Pick<UseQueryResult<A>, "data" | "error">
  readonly children: (data: A) => ReactNode
}) => (
  <>
    {error !== null && <Notice tone="bad" title={errorWords(error)} />}
    {data === undefined ? error === null && <Loading /> : children(data)}
  </>
)
