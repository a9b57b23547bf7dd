import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { ModelId } from "@vigil/core/Ids"
import type { ModelVersion } from "@vigil/core/ModelVersion"
import { permits } from "@vigil/core/User"
import { Array as List } from "effect"
import { useState } from "react"
import { useUser } from "../client/ClientContext.js"
import { activateModel, checkModel, deactivateModel, deleteModel, modelVersionsQuery } from "../client/OwnModels.js"
import { ModelUploadForm } from "../form/ModelUploadForm.js"
import { Section } from "../form/Section.js"
import { errorWords } from "../words/ErrorWords.js"
import { refusalWords, versionWords } from "../words/ModelWords.js"
import { sentence } from "../words/Sentence.js"
import { bytes } from "../words/Units.js"
import { Badge } from "./Badge.js"
import { Button } from "./Button.js"
import { Confirm } from "./Confirm.js"
import { Loaded } from "./Loaded.js"
import { ModelUsers } from "./ModelUsers.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

const Actions = ({ version }: { readonly version: ModelVersion }) => {
  const queries = useQueryClient()
  const check = useMutation({ mutationFn: () => checkModel(queries, version) })
  const { active, bytes: size, model, received, state, version: name } = version
  const whole = `${model} ${name}`
  return (
    <>
      <div className="flex flex-wrap items-start gap-2">
        {state === "ready" && !active && (
          <Confirm
            label="Activate"
            question={`Have cameras that name ${model} run ${name}? They change over without a pause.`}
            yes="Activate"
            tone="plain"
            work={() => activateModel(queries, version)}
          />
        )}
        {state !== "ready" && received === size && (
          <Button small icon="restart" busy={check.isPending} onClick={() => check.mutate()}>
            {state === "quarantined" ? "Check again" : "Check"}
          </Button>
        )}
        {active ? (
          <Confirm
            label="Deactivate"
            question={`Have nothing run ${model} any more?`}
            yes="Deactivate"
            tone="plain"
            work={() => deactivateModel(queries, version)}
          />
        ) : (
          <Confirm
            icon="trash"
            label="Delete"
            question={`Delete ${whole} and its file?`}
            yes="Delete"
            work={() => deleteModel(queries, version)}
          />
        )}
      </div>
      {check.isError && <Notice tone="bad" title={errorWords(check.error)} />}
    </>
  )
}

const VersionRow = ({ mayChange, version }: { readonly mayChange: boolean; readonly version: ModelVersion }) => {
  const { bytes: size, checkedAt, createdAt, received, refusal, sha256, state } = version
  const [words, tone] = versionWords(version)
  return (
    <li className="flex flex-col gap-2 py-3" data-testid={`version ${version.model} ${version.version}`}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-[1_1_14rem]">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="font-medium break-all">{version.version}</span>
            <Badge tone={tone}>{words}</Badge>
          </p>
          <p className="text-[13px] text-muted">
            {bytes(size)} · <span title={`SHA-256 ${sha256}`}>{sha256.slice(0, 12)}…</span> · sent{" "}
            <Time at={createdAt} withDate />
            {checkedAt !== null && (
              <>
                {" "}
                · checked <Time at={checkedAt} withDate />
              </>
            )}
          </p>
        </div>
        {mayChange && <Actions version={version} />}
      </div>
      {refusal !== null && (
        <Notice tone="warn" title={`Refused: ${refusalWords(refusal.reason)}`}>
          {sentence(refusal.detail)}
        </Notice>
      )}
      {mayChange && state === "uploading" && received < size && (
        <p className="text-[13px] text-muted">Upload the same file under the same name to go on.</p>
      )}
    </li>
  )
}

const titleOf = (versions: ReadonlyArray<ModelVersion>): string | undefined => {
  const { descriptor, hints } = versions.find(({ active }) => active) ?? versions[0] ?? {}
  return descriptor?.title ?? hints?.title
}

const OwnModel = ({
  mayChange,
  model,
  versions
}: {
  readonly mayChange: boolean
  readonly model: ModelId
  readonly versions: ReadonlyArray<ModelVersion>
}) => {
  const title = titleOf(versions)
  return (
    <li className="py-4 first:pt-0 last:pb-0" data-testid={`own model ${model}`}>
      <h3 className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-mono break-all">{model}</span>
        {title !== undefined && title !== model && <span className="text-soft">{title}</span>}
      </h3>
      <ModelUsers model={model} />
      <ul className="mt-1 divide-y divide-line/60">
        {versions.map((version) => (
          <VersionRow key={version.version} mayChange={mayChange} version={version} />
        ))}
      </ul>
    </li>
  )
}

const Versions = ({ mayChange, versions }: { readonly mayChange: boolean; readonly versions: ReadonlyArray<ModelVersion> }) =>
  versions.length === 0 ? (
    <p className="text-muted">
      None yet. A model of your own finds what the others do not know: upload its ONNX file, see whether it passes, activate it,
      and name it in the form of a camera.
    </p>
  ) : (
    <ul className="divide-y divide-line">
      {Object.entries(List.groupBy(versions, ({ model }) => model)).map(([model, all]) => (
        <OwnModel key={model} mayChange={mayChange} model={all[0].model} versions={all} />
      ))}
    </ul>
  )

/** Models that the tenant brought itself: everybody sees them, administrators bring and activate them. */
export const OwnModels = () => {
  const mayChange = permits(useUser().role, "admin")
  const versions = useQuery(modelVersionsQuery)
  const [isAdding, setAdding] = useState(false)
  if (!mayChange && (versions.data ?? []).length === 0) return null
  return (
    <Section title="Your own models" note="Cameras that name one run its active version.">
      <div className="flex flex-col gap-5">
        {mayChange &&
          (isAdding ? (
            <ModelUploadForm onClose={() => setAdding(false)} />
          ) : (
            <div>
              <Button small icon="plus" onClick={() => setAdding(true)}>
                Upload a model
              </Button>
            </div>
          ))}
        <Loaded query={versions}>{(all) => <Versions mayChange={mayChange} versions={all} />}</Loaded>
      </div>
    </Section>
  )
}
