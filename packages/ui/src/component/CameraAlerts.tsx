import { Link } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { useCameraStatuses } from "../client/ClientContext.js"
import { failureWords } from "../words/AlertWords.js"
import { Notice } from "./Notice.js"

/** How many are named; the others are counted. */
const mostNamed = 5

/** The cameras that Vigil has given up on until somebody looks: its camera manager's alerts. */
export const CameraAlerts = ({ cameras }: { readonly cameras: ReadonlyArray<Camera> }) => {
  const statuses = useCameraStatuses()
  const alerting = cameras.filter(({ id }) => statuses.get(id)?.worker?.alert === true)
  if (alerting.length === 0) return null
  return (
    <div className="mb-4" data-testid="alerts">
      <Notice tone="bad" title={alerting.length === 1 ? "1 camera needs somebody" : `${alerting.length} cameras need somebody`}>
        <ul className="flex flex-col gap-1">
          {alerting.slice(0, mostNamed).map(({ id, name }) => (
            <li key={id}>
              <Link to="/cameras/$id" params={{ id }} className="font-medium text-ink hover:underline">
                {name}
              </Link>
              : {failureWords(statuses.get(id)?.worker)}
            </li>
          ))}
        </ul>
        {alerting.length > mostNamed && <p className="mt-1">And {alerting.length - mostNamed} more.</p>}
      </Notice>
    </div>
  )
}

/** The same of one camera, beside what its state says. */
export const CameraAlert = ({ status }: { readonly status: CameraStatus | undefined }) =>
  status?.worker?.alert === true ? (
    <Notice tone="warn" title="Vigil does not restart this camera any more: somebody has to look">
      <p>Last: {failureWords(status.worker)}. Once it has run for a minute again, this is over.</p>
    </Notice>
  ) : null
