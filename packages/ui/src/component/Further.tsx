import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useEffect } from "react"
import { moreSearch } from "../page/MoreSearch.js"
import { Button } from "./Button.js"

/** Keeps in the page's address how many further parts of its list are shown. */
export const useMore = () => {
  const navigate = useNavigate()
  return (more: number): void =>
    void navigate({ to: ".", search: (search) => ({ ...search, ...moreSearch({ more }) }), replace: true, resetScroll: false })
}

/** What stands under a list whose next page is asked for; those that the address tells of are asked for at once. */
export const Further = <A,>({
  query,
  more = 0,
  label
}: {
  readonly query: Pick<
    UseInfiniteQueryResult<InfiniteData<A>>,
    "data" | "error" | "fetchNextPage" | "hasNextPage" | "isFetching" | "isFetchingNextPage"
  >
  readonly more: number | undefined
  readonly label: string
}) => {
  const setMore = useMore()
  const { data, error, fetchNextPage, hasNextPage, isFetching, isFetchingNextPage } = query
  const loaded = data?.pages.length ?? 0
  const lacks = hasNextPage && !isFetching && error === null && loaded <= more
  useEffect(() => {
    if (lacks) void fetchNextPage()
  }, [lacks, fetchNextPage])
  if (!hasNextPage) return null
  const goOn = () => {
    setMore(loaded)
    void fetchNextPage()
  }
  return (
    <div className="mt-4 flex justify-center">
      <Button busy={isFetchingNextPage} onClick={goOn}>
        {label}
      </Button>
    </div>
  )
}
