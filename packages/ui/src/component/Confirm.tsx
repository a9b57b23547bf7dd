import { useMutation } from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import type { IconName } from "./Icon.js"
import { Notice } from "./Notice.js"

/** A button for what cannot be undone, or hurts somebody: it asks once more, and says what came of it where that is not seen. */
export const Confirm = ({
  label,
  icon,
  question,
  yes,
  no = "Cancel",
  tone = "danger",
  work,
  done
}: {
  readonly label: string
  readonly icon?: IconName
  readonly question: string
  readonly yes: string
  readonly no?: string
  readonly tone?: "danger" | "plain"
  readonly work: () => Promise<unknown>
  readonly done?: string
}) => {
  const [asks, setAsks] = useState(false)
  const safe = useRef<HTMLButtonElement>(null)
  const first = useRef<HTMLButtonElement>(null)
  const doing = useMutation({ mutationFn: work, onSettled: () => setAsks(false) })
  const [wasAsked, setWasAsked] = useState(false)
  // Whoever works by keyboard is led to the question, where Enter does no harm, and back.
  useEffect(() => {
    if (asks) safe.current?.focus()
    else if (wasAsked) first.current?.focus()
  }, [asks, wasAsked])
  return (
    <div className="flex flex-col gap-2">
      {asks ? (
        <div
          role="group"
          aria-label={question}
          className="flex flex-wrap items-center gap-2"
          onKeyDown={(event) => {
            if (event.key === "Escape") setAsks(false)
          }}
        >
          <span className="mr-1">{question}</span>
          <span className="flex gap-2">
            <Button
              small
              tone={tone}
              {...(icon === undefined ? {} : { icon })}
              busy={doing.isPending}
              onClick={() => doing.mutate()}
            >
              {yes}
            </Button>
            <Button ref={safe} small tone="quiet" onClick={() => setAsks(false)}>
              {no}
            </Button>
          </span>
        </div>
      ) : (
        <div>
          <Button
            ref={first}
            small
            tone={tone}
            {...(icon === undefined ? {} : { icon })}
            onClick={() => {
              setWasAsked(true)
              setAsks(true)
            }}
          >
            {label}
          </Button>
        </div>
      )}
      {doing.isError && <Notice tone="bad" title={errorWords(doing.error)} />}
      {doing.isSuccess && done !== undefined && <Notice tone="good" title={done} />}
    </div>
  )
}
