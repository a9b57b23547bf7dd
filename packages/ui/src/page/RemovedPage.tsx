import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { RemovedObject, RestorableType } from "@vigil/core/RemovedObject"
import { useState } from "react"
import { ownGrantsQuery } from "../client/People.js"
import { removedQuery } from "../client/Removed.js"
import { Button } from "../component/Button.js"
import { BringBack } from "../component/HistoryPanel.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { Time } from "../component/Time.js"
import { Section } from "../form/Section.js"

const Row = ({ removed, onRestored }: { readonly removed: RemovedObject; readonly onRestored: () => void }) => {
  const [asks, setAsks] = useState(false)
  const { actor, at, id, name, type } = removed
  return (
    <li className="flex flex-col gap-3 py-3" data-testid="removed">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-[1_1_14rem]">
          <p className="font-medium break-words">{name}</p>
          <p className="text-[13px] break-words text-muted">
            <Time at={at} withDate /> by {actor.username}
          </p>
        </div>
        <Button small icon="undo" aria-label={`Bring ${name} back`} aria-expanded={asks} onClick={() => setAsks(!asks)}>
          Bring back
        </Button>
      </div>
      {asks && <BringBack type={type} id={id} onClose={() => setAsks(false)} onRestored={onRestored} />}
    </li>
  )
}

const Back = ({ id, name, type }: RemovedObject) => (
  <div className="mb-3">
    <Notice tone="good" title={`${name} is there again`}>
      {type === "camera" ? (
        <Link to="/cameras/$id" params={{ id }} className="text-accent hover:underline">
          Look at it
        </Link>
      ) : (
        <Link to="/places" className="text-accent hover:underline">
          Look at the places
        </Link>
      )}
    </Notice>
  </div>
)

const Removed = ({ type, none }: { readonly type: RestorableType; readonly none: string }) => {
  const removed = useQuery(removedQuery(type))
  const [back, setBack] = useState<RemovedObject>()
  return (
    <>
      {back !== undefined && <Back {...back} />}
      <Loaded query={removed}>
        {(list) =>
          list.length === 0 ? (
            <p className="text-muted">{none}</p>
          ) : (
            <ul className="-my-3 divide-y divide-line">
              {list.map((each) => (
                <Row key={each.id} removed={each} onRestored={() => setBack(each)} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

/** Cameras and places that were removed, with the way back. */
export const RemovedPage = () => {
  const limited = useQuery(ownGrantsQuery).data?.limited === true
  return (
    <OnlyFor role="supervisor" title="Removed">
      <div className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
        <PageHead title="Removed" note="What was removed, the last first, and the way back" />
        {limited ? (
          <Notice tone="calm" title="What was removed is shown to people who see all cameras">
            You are limited to some of them. Ask one of the others to bring back what is missing.
          </Notice>
        ) : (
          <>
            <Section title="Cameras" note="They come back with all but their user name and password, which are kept nowhere.">
              <Removed type="camera" none="No camera was removed." />
            </Section>
            <Section title="Places" note="Bring back what they were in first.">
              <Removed type="place" none="No place was removed." />
            </Section>
          </>
        )}
      </div>
    </OnlyFor>
  )
}
