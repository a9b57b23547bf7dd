import { useMutation, useQueryClient } from "@tanstack/react-query"
import { DiscoveryRequest, type ListedDiscovery } from "@vigil/core/Discovery"
import type { PlaceId } from "@vigil/core/Ids"
import type { Credentials } from "@vigil/core/Source"
import { Either, ParseResult, Redacted, Schema } from "effect"
import { type FormEvent, useEffect, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { Badge } from "../component/Badge.js"
import { Button } from "../component/Button.js"
import { CheckField, TextField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { BackLink, PageHead } from "../component/PageHead.js"
import { PlaceField } from "../form/PlaceField.js"
import { Section } from "../form/Section.js"
import { errorWords } from "../words/ErrorWords.js"

type Device = ListedDiscovery["devices"][number]

/** What is typed into the form. */
interface Draft {
  readonly onvif: boolean
  readonly ranges: string
  readonly ports: string
  readonly paths: string
  readonly username: string
  readonly password: string
}

const decodeRequest = Schema.decodeEither(DiscoveryRequest)

const credentialsOf = ({ password, username }: Draft): { readonly credentials?: Credentials } =>
  username === "" ? {} : { credentials: { username, password: Redacted.make(password) } }

const wordsOf = (text: string): ReadonlyArray<string> => text.split(/[\s,;]+/).filter((word) => word !== "")

/** The search that is wanted, or what is wrong with it. */
const requestOf = (draft: Draft): Either.Either<DiscoveryRequest, string> =>
  decodeRequest({
    onvif: draft.onvif,
    ranges: wordsOf(draft.ranges),
    ports: wordsOf(draft.ports).map(Number),
    paths: wordsOf(draft.paths)
  }).pipe(
    Either.map((request) => ({ ...request, ...credentialsOf(draft) })),
    Either.mapLeft((error) => ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.message ?? error.message)
  )

const isNew = ({ cameraId, streams }: Device): boolean => cameraId === null && streams.length > 0

const streamText = ({ detail = "No stream is known", streams: [best] }: Device): string => {
  if (best === undefined) return detail
  const size = best.width === undefined || best.height === undefined ? "" : `${best.width}×${best.height}`
  return [best.url, best.codec, size].filter((text) => text !== undefined && text !== "").join(" · ")
}

const DeviceRow = ({
  device,
  isChosen,
  toggle
}: {
  readonly device: Device
  readonly isChosen: boolean
  readonly toggle: () => void
}) => (
  <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line py-2.5 first:border-t-0" data-testid="device">
    <CheckField
      label={`${device.name} · ${device.address}`}
      hint={<span className="break-all">{streamText(device)}</span>}
      checked={isChosen}
      disabled={!isNew(device)}
      onChange={toggle}
    />
    <span className="ml-auto flex items-center gap-2">
      <span className="text-[13px] text-muted">{[device.manufacturer, device.model].filter(Boolean).join(" ")}</span>
      {device.cameraId !== null && <Badge tone="good">Added</Badge>}
      {device.needsCredentials && <Badge tone="warn">Password</Badge>}
    </span>
  </li>
)

const stateWords: Readonly<Record<ListedDiscovery["state"], string>> = {
  running: "Looking…",
  done: "Done",
  cancelled: "Ended",
  failed: "Failed"
}

const Finds = ({ discovery, draft }: { readonly discovery: ListedDiscovery; readonly draft: Draft }) => {
  const client = useClient()
  const queries = useQueryClient()
  const [refused, setRefused] = useState<ReadonlySet<string>>(new Set())
  const [placeId, setPlace] = useState<PlaceId | null>(null)
  const chosen = discovery.devices.filter((device) => isNew(device) && !refused.has(device.key))
  const adopt = useMutation({
    mutationFn: () =>
      client.call((rpc) =>
        rpc.AdoptDevices({
          id: discovery.id,
          request: {
            devices: chosen.map(({ key }) => ({ key, stream: 0 })),
            ...credentialsOf(draft),
            ...(placeId === null ? {} : { placeId })
          }
        })
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["cameras"] })
  })
  const toggle = (key: string) => {
    const next = new Set(refused)
    if (!next.delete(key)) next.add(key)
    setRefused(next)
  }
  const added = new Map(adopt.data?.map(({ id, url }) => [url, id]))
  const shown = discovery.devices.map((device) => ({
    ...device,
    cameraId: device.cameraId ?? added.get(device.streams[0]?.url ?? "") ?? null
  }))
  return (
    <>
      <ul className="flex flex-col">
        {shown.map((device) => (
          <DeviceRow
            key={device.key}
            device={device}
            isChosen={isNew(device) && !refused.has(device.key)}
            toggle={() => toggle(device.key)}
          />
        ))}
      </ul>
      {adopt.isError && <Notice tone="bad" title={errorWords(adopt.error)} />}
      {adopt.isSuccess && <Notice tone="good" title={`${adopt.data.length} added: they connect within moments`} />}
      {chosen.length > 0 && !adopt.isSuccess && (
        <div className="flex flex-wrap items-end gap-3">
          <PlaceField value={placeId} onChange={setPlace} />
          <Button tone="primary" icon="check" busy={adopt.isPending} onClick={() => adopt.mutate()}>
            {chosen.length === 1 ? "Add 1 camera" : `Add ${chosen.length} cameras`}
          </Button>
        </div>
      )}
    </>
  )
}

const Search = () => {
  const client = useClient()
  const [draft, setDraft] = useState<Draft>({
    onvif: true,
    ranges: "",
    ports: "554, 8554",
    paths: "",
    username: "",
    password: ""
  })
  const [complaint, setComplaint] = useState<string>()
  const [discovery, setDiscovery] = useState<ListedDiscovery>()
  const start = useMutation({
    mutationFn: (request: DiscoveryRequest) => client.call((rpc) => rpc.StartDiscovery({ request })),
    onSuccess: setDiscovery
  })
  const id = discovery?.id
  const isRunning = discovery?.state === "running"
  const cancel = useMutation({
    mutationFn: async () => (id === undefined ? undefined : client.call((rpc) => rpc.CancelDiscovery({ id }))),
    onSuccess: (ended) => ended && setDiscovery(ended)
  })
  useEffect(
    () => (id === undefined || !isRunning ? undefined : client.watch((rpc) => rpc.WatchDiscovery({ id }), setDiscovery)),
    [client, id, isRunning]
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const request = requestOf(draft)
    setComplaint(Either.isLeft(request) ? request.left : undefined)
    if (Either.isRight(request)) start.mutate(request.right)
  }
  const change = (fresh: Partial<Draft>) => setDraft({ ...draft, ...fresh })
  return (
    <>
      <Section title="Where to look" note="The server looks in private networks, unless it was told of others.">
        <form onSubmit={submit} className="flex flex-col gap-4">
          <CheckField
            label="ONVIF devices that answer in the server's networks"
            checked={draft.onvif}
            onChange={(event) => change({ onvif: event.target.checked })}
          />
          <TextField
            label="Addresses to look for RTSP servers at"
            hint="For example 192.168.1.0/24, or 192.168.1.10-192.168.1.40"
            value={draft.ranges}
            error={complaint}
            onChange={(event) => change({ ranges: event.target.value })}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label="RTSP ports" value={draft.ports} onChange={(event) => change({ ports: event.target.value })} />
            <TextField
              label="Paths of streams"
              hint="Those that makers use are tried anyway"
              value={draft.paths}
              onChange={(event) => change({ paths: event.target.value })}
            />
            <TextField
              label="User name of the cameras"
              hint="Tried once with each device, and not kept"
              autoComplete="off"
              value={draft.username}
              onChange={(event) => change({ username: event.target.value })}
            />
            <TextField
              label="Password of the cameras"
              type="password"
              autoComplete="new-password"
              value={draft.password}
              onChange={(event) => change({ password: event.target.value })}
            />
          </div>
          {start.isError && <Notice tone="bad" title={errorWords(start.error)} />}
          <div className="flex gap-2">
            <Button type="submit" tone="primary" busy={start.isPending || isRunning}>
              Look for cameras
            </Button>
            {isRunning && (
              <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
                Stop
              </Button>
            )}
          </div>
        </form>
      </Section>
      {discovery !== undefined && (
        <Section title="Found">
          <div className="flex flex-col gap-4" aria-live="polite">
            <p className="tabular text-soft" data-testid="discovery-state">
              {stateWords[discovery.state]} · {discovery.devices.length} found
              {discovery.progress.total > 0 && ` · ${discovery.progress.done} of ${discovery.progress.total} tried`}
              {discovery.detail !== null && ` · ${discovery.detail}`}
            </p>
            {discovery.progress.total > 0 && isRunning && (
              <progress className="w-full" value={discovery.progress.done} max={discovery.progress.total} aria-label="How far" />
            )}
            <Finds key={discovery.id} discovery={discovery} draft={draft} />
          </div>
        </Section>
      )}
    </>
  )
}

/** Looks for cameras in the network of the server, and adds those that somebody picks. */
export const FindCamerasPage = () => (
  <OnlyFor role="supervisor" title="Find cameras">
    <div className="mx-auto flex max-w-3xl flex-col gap-4 p-3 sm:p-5">
      <PageHead back={<BackLink to="/" label="All cameras" />} title="Find cameras" note="What is in the network already" />
      <Search />
    </div>
  </OnlyFor>
)
