import { useQuery } from "@tanstack/react-query"
import type { CatalogueEntry } from "@vigil/core/Model"
import { useClient } from "../client/ClientContext.js"
import { modelsQuery } from "../client/Queries.js"
import { Badge } from "../component/Badge.js"
import { Command } from "../component/Command.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { OwnModels } from "../component/OwnModels.js"
import { PageHead } from "../component/PageHead.js"
import { taskWords } from "../words/ModelWords.js"
import { bytes } from "../words/Units.js"

const classesShown = 12

const ModelCard = ({ entry: { descriptor, installed, own = false } }: { readonly entry: CatalogueEntry }) => {
  const { input, labels } = descriptor
  return (
    <li className="panel flex flex-col gap-3 p-4" data-testid="model" data-installed={installed}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="font-semibold">{descriptor.title}</h2>
        <span className="font-mono text-[13px] text-muted">
          {descriptor.id} {descriptor.version}
        </span>
        <span className="ml-auto">
          <Badge tone={installed ? "good" : "idle"}>{own ? "Your own" : installed ? "Installed" : "Not installed"}</Badge>
        </span>
      </div>
      <p className="text-soft">
        {taskWords(descriptor.task)}: {labels.slice(0, classesShown).join(", ")}
        {labels.length > classesShown && ` and ${labels.length - classesShown} more classes`}.
      </p>
      <p className="tabular text-[13px] text-muted">
        {input.size.width}×{input.size.height} · {bytes(descriptor.bytes)} · {descriptor.licence}
      </p>
      {!installed && !own && <Command>{`vigil models pull ${descriptor.id}`}</Command>}
    </li>
  )
}

const NothingInstalled = () => (
  <div className="mb-4 flex flex-col gap-3">
    <Notice tone="calm" title="No model is installed: motion and tampering are watched, but nothing is recognised yet">
      <p>
        A detector adds people, vehicles and dozens of other classes: boxes over the live video, and events when somebody enters a
        zone or crosses a line. It is fetched once, verified, and runs on this machine.
      </p>
      <div className="mt-3 max-w-sm">
        <Command>vigil models pull yolox-nano</Command>
      </div>
    </Notice>
  </div>
)

export const ModelsPage = () => {
  const models = useQuery(modelsQuery(useClient()))
  const list = models.data ?? []
  return (
    <div className="mx-auto max-w-6xl p-3 sm:p-5">
      <PageHead title="Models" note="What recognises objects in the pictures" />
      {models.isSuccess && !list.some(({ installed }) => installed) && <NothingInstalled />}
      <Loaded query={models}>
        {(entries) => (
          <ul className="grid gap-4 md:grid-cols-2">
            {entries.map((entry) => (
              <ModelCard key={entry.descriptor.id} entry={entry} />
            ))}
          </ul>
        )}
      </Loaded>
      <div className="mt-5">
        <OwnModels />
      </div>
    </div>
  )
}
