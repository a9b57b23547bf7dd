import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { ModelVersion } from "@vigil/core/ModelVersion"
import { Either } from "effect"
import { type FormEvent, useEffect, useId, useState } from "react"
import { activateModel, type ModelUpload, type UploadProgress, uploadModel } from "../client/OwnModels.js"
import { Button, buttonClass } from "../component/Button.js"
import { Confirm } from "../component/Confirm.js"
import { TextAreaField, TextField } from "../component/Field.js"
import { Meter } from "../component/Meter.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"
import { refusalWords, stepWords } from "../words/ModelWords.js"
import { sentence } from "../words/Sentence.js"
import { bytes } from "../words/Units.js"
import { type ModelComplaints, type ModelDraft, modelIdOf, modelUpload } from "./ModelDraft.js"

const Progress = ({ file, progress: { done, step } }: { readonly file: File; readonly progress: UploadProgress }) => (
  <div className="flex max-w-md flex-col gap-1.5" data-testid="upload-progress">
    <p role="status">{stepWords(step)}</p>
    {step === "checking" ? (
      <p className="text-[13px] text-muted">It is read and run once in a process without rights. That may take a minute.</p>
    ) : (
      <Meter label={stepWords(step)} share={done / file.size} text={`${bytes(done)} of ${bytes(file.size)}`} />
    )}
  </div>
)

const Verdict = ({ version, onClose }: { readonly version: ModelVersion; readonly onClose: () => void }) => {
  const queries = useQueryClient()
  const { active, descriptor, model, refusal, version: name } = version
  const activate = useMutation({ mutationFn: () => activateModel(queries, version), onSuccess: onClose })
  return (
    <div className="flex flex-col gap-4" data-testid="upload-verdict">
      {refusal !== null ? (
        <Notice tone="bad" title={`${model} ${name} is in quarantine: ${refusalWords(refusal.reason)}`}>
          {sentence(refusal.detail)}
        </Notice>
      ) : (
        <Notice tone="good" title={`${model} ${name} passed`}>
          {descriptor !== null &&
            `It has ${descriptor.labels.length} classes (${descriptor.labels.slice(0, 5).join(", ")}${descriptor.labels.length > 5 ? " …" : ""}), and pictures of ${descriptor.input.size.width}×${descriptor.input.size.height} go in.`}
        </Notice>
      )}
      {activate.isError && <Notice tone="bad" title={errorWords(activate.error)} />}
      <div className="flex flex-wrap gap-2">
        {refusal === null && !active && (
          <Button tone="primary" busy={activate.isPending} onClick={() => activate.mutate()}>
            Activate it
          </Button>
        )}
        <Button tone="quiet" onClick={onClose}>
          Close
        </Button>
      </div>
    </div>
  )
}

const Stopped = () => <Notice tone="calm" title="Stopped. The same file under the same name goes on." />

/** Sends a model of one's own: file, name, version; then how far it is, and what came of the inspection. */
export const ModelUploadForm = ({ onClose }: { readonly onClose: () => void }) => {
  const id = useId()
  const queries = useQueryClient()
  const [file, setFile] = useState<File>()
  const [draft, setDraft] = useState<ModelDraft>({ model: "", version: "1.0", hints: "" })
  const [complaints, setComplaints] = useState<ModelComplaints>({})
  const [progress, setProgress] = useState<UploadProgress>({ step: "reading", done: 0 })
  const [stop, setStop] = useState(() => new AbortController())
  useEffect(() => () => stop.abort(), [stop])
  const send = useMutation({
    mutationFn: (upload: ModelUpload) => {
      const next = new AbortController()
      setStop(next)
      return uploadModel(queries, upload, setProgress, next.signal)
    }
  })
  const choose = (chosen: File | undefined) => {
    setFile(chosen)
    if (chosen !== undefined && draft.model === "") setDraft({ ...draft, model: modelIdOf(chosen.name) })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const upload = modelUpload(draft)
    setComplaints(Either.isLeft(upload) ? upload.left : {})
    if (Either.isRight(upload) && file !== undefined) send.mutate({ ...upload.right, file })
  }
  if (send.isSuccess) return <Verdict version={send.data} onClose={onClose} />
  if (send.isPending && file !== undefined)
    return (
      <div className="flex flex-col gap-4">
        <Progress file={file} progress={progress} />
        <Confirm
          label="Stop"
          question="Stop? What was sent stays; the same file under the same name goes on."
          yes="Stop"
          no="Go on"
          tone="plain"
          work={async () => stop.abort()}
        />
      </div>
    )
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <label htmlFor={id} className={`${buttonClass("plain")} cursor-pointer focus-within:outline-2`}>
          Choose a file
          <input id={id} type="file" accept=".onnx" className="sr-only" onChange={(event) => choose(event.target.files?.[0])} />
        </label>
        <span className="min-w-0 text-soft break-words">
          {file === undefined ? "ONNX: YOLOX, YOLOv5, YOLOv8 or NanoDet" : `${file.name}, ${bytes(file.size)}`}
        </span>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Model"
          hint="By this id cameras name it."
          required
          maxLength={64}
          autoCapitalize="none"
          value={draft.model}
          error={complaints.model}
          onChange={(event) => setDraft({ ...draft, model: event.target.value })}
        />
        <TextField
          label="Version"
          required
          maxLength={64}
          value={draft.version}
          error={complaints.version}
          onChange={(event) => setDraft({ ...draft, version: event.target.value })}
        />
      </div>
      <details open={complaints.hints !== undefined || undefined}>
        <summary className="text-[13px] text-soft">What the file does not tell</summary>
        <div className="mt-3">
          <TextAreaField
            label="JSON"
            hint='Any of title, task, licence, priority, labels, thresholds, requirements, adapter, input: {"title": "Forklifts", "labels": ["forklift"]}'
            className="field min-h-28 font-mono text-[13px]"
            spellCheck={false}
            value={draft.hints}
            error={complaints.hints}
            onChange={(event) => setDraft({ ...draft, hints: event.target.value })}
          />
        </div>
      </details>
      {send.isError && (stop.signal.aborted ? <Stopped /> : <Notice tone="bad" title={errorWords(send.error)} />)}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="primary" disabled={file === undefined}>
          Upload and check
        </Button>
        <Button tone="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
