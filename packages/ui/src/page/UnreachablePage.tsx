import { type ErrorComponentProps, useRouter } from "@tanstack/react-router"
import { useEffect } from "react"
import { HttpRefused } from "../client/Session.js"
import { Button } from "../component/Button.js"
import { Empty } from "../component/Empty.js"
import { errorWords } from "../words/ErrorWords.js"

/** Shown when a page cannot be: mostly because the server does not answer. Tries again every few seconds in that case. */
export const UnreachablePage = ({ error }: ErrorComponentProps) => {
  const router = useRouter()
  const unanswered = error instanceof HttpRefused && (error.status === 0 || error.status >= 500)
  useEffect(() => {
    if (!unanswered) return
    const timer = setInterval(() => void router.invalidate(), 3_000)
    return () => clearInterval(timer)
  }, [router, unanswered])
  return (
    <Empty icon="offline" title={unanswered ? "Vigil does not answer" : "This page could not be shown"}>
      <p role="alert">{errorWords(error)}</p>
      {unanswered && <p className="text-muted">The page tries again every few seconds.</p>}
      <Button icon="restart" onClick={() => void router.invalidate()}>
        Try again now
      </Button>
    </Empty>
  )
}
