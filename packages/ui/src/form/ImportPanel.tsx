import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { ImportReport } from "@vigil/core/CameraSheet"
import { useId, useState } from "react"
import { importCameras } from "../client/Places.js"
import { Button, buttonClass } from "../component/Button.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"
import { countOf } from "../words/Units.js"

const shownProblems = 100

const Problems = ({ report: { problems } }: { readonly report: ImportReport }) => (
  <div className="max-h-72 overflow-auto rounded-md border border-line">
    <table className="w-full text-left text-[13px]">
      <thead className="text-muted">
        <tr>
          {["Row", "Column", "Problem"].map((heading) => (
            <th key={heading} scope="col" className="px-3 py-2 font-medium">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {problems.slice(0, shownProblems).map(({ column = "", detail, row }) => (
          <tr key={`${row} ${column} ${detail}`} className="border-t border-line">
            <td className="tabular px-3 py-1.5">{row}</td>
            <td className="px-3 py-1.5">{column}</td>
            <td className="px-3 py-1.5">{detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

/** Brings cameras in from a file: looks at it first, and adds only what somebody has seen. */
export const ImportPanel = () => {
  const id = useId()
  const queries = useQueryClient()
  const [file, setFile] = useState<File>()
  const look = useMutation({ mutationFn: (chosen: File) => importCameras(chosen, "look") })
  const add = useMutation({
    mutationFn: ({ chosen, rows }: { readonly chosen: File; readonly rows: "all" | "good" }) => importCameras(chosen, rows),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["cameras"] })
  })
  const choose = (chosen: File | undefined) => {
    setFile(chosen)
    add.reset()
    look.reset()
    if (chosen !== undefined) look.mutate(chosen)
  }
  const report = add.data ?? look.data
  const bad = report === undefined ? 0 : report.rows - report.good
  const canAdd = file !== undefined && look.data !== undefined && look.data.good > 0 && !add.isSuccess
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <label htmlFor={id} className={`${buttonClass("plain")} cursor-pointer focus-within:outline-2`}>
          Choose a file
          <input
            id={id}
            type="file"
            accept=".csv,.xlsx"
            className="sr-only"
            onChange={(event) => choose(event.target.files?.[0])}
          />
        </label>
        <span className="min-w-0 text-soft break-words">{file?.name ?? "CSV or XLSX, whose first row names the columns"}</span>
      </div>
      {look.isPending && <p className="text-muted">Looking at the file…</p>}
      {look.isError && <Notice tone="bad" title={errorWords(look.error)} />}
      {add.isError && <Notice tone="bad" title={errorWords(add.error)} />}
      {add.isSuccess && <Notice tone="good" title={`${countOf(add.data.added, "camera")} added`} />}
      {report !== undefined && !add.isSuccess && (
        <p data-testid="import-report">
          {countOf(report.good, "camera")} can be added{bad > 0 && `, ${bad} ${bad === 1 ? "row is" : "rows are"} bad`}.
        </p>
      )}
      {report !== undefined && report.problems.length > 0 && <Problems report={report} />}
      {canAdd && (
        <div>
          <Button
            tone="primary"
            icon="check"
            busy={add.isPending}
            onClick={() => add.mutate({ chosen: file, rows: bad > 0 ? "good" : "all" })}
          >
            {bad > 0
              ? `Add the ${countOf(look.data.good, "camera")} without the bad rows`
              : `Add ${countOf(look.data.good, "camera")}`}
          </Button>
        </div>
      )}
    </div>
  )
}
