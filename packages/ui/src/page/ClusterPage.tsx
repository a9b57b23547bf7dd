import { useQuery } from "@tanstack/react-query"
import type { ClusterStatus, UnplacedCamera } from "@vigil/core/ClusterStatus"
import type { EdgeOverview } from "@vigil/core/Edge"
import type { NodeLoad, NodeReport } from "@vigil/core/Node"
import { useClient } from "../client/ClientContext.js"
import { clusterQuery, edgesQuery } from "../client/Cluster.js"
import { Badge } from "../component/Badge.js"
import { CameraLink } from "../component/CameraLink.js"
import { Loaded } from "../component/Loaded.js"
import { Meter } from "../component/Meter.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { Time } from "../component/Time.js"
import { Section } from "../form/Section.js"
import { nodeStateWords, percent } from "../words/NodeWords.js"
import { bytes, count, countOf } from "../words/Units.js"

const Node = ({ node }: { readonly node: NodeReport }) => {
  const { capacity, labels, load, name, roles, shards, startedAt, state, version } = node
  const [words, tone, meaning] = nodeStateWords(state)
  const named = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return (
    <li className="py-4 first:pt-0 last:pb-0" data-testid={`node ${name}`}>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium break-all">{name}</span>
        <Badge tone={tone} title={meaning}>
          {words}
        </Badge>
      </p>
      <p className="text-[13px] break-words text-muted">
        {[`Vigil ${version}`, roles.join(" and "), countOf(shards, "shard"), ...named].join(" · ")} · since{" "}
        <Time at={startedAt} withDate />
      </p>
      <div className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-3">
        <Meter
          label={`Cameras of ${name}`}
          share={load.cameras / capacity.cameras}
          full={1}
          text={`${count(load.cameras)} of ${countOf(capacity.cameras, "camera")}`}
        />
        <Meter
          label={`Processor of ${name}`}
          share={load.cpu}
          full={capacity.cpu}
          text={`${percent(load.cpu)} of its cores${capacity.cpu < 1 ? `, ${percent(capacity.cpu)} at the most` : ""}`}
        />
        <Meter
          label={`Memory of ${name}`}
          share={load.memory / capacity.memory}
          full={1}
          text={`${bytes(load.memory)} of ${bytes(capacity.memory)} memory`}
        />
      </div>
    </li>
  )
}

/** How many are named; the others are counted. */
const mostNamed = 20

const Unplaced = ({ unplaced }: { readonly unplaced: ReadonlyArray<UnplacedCamera> }) => (
  <Notice tone="bad" title={`${countOf(unplaced.length, "camera")} should run and ${unplaced.length === 1 ? "does" : "do"} not`}>
    <ul className="flex flex-col gap-1">
      {unplaced.slice(0, mostNamed).map(({ cameraId, node, reason }) => (
        <li key={cameraId}>
          <CameraLink id={cameraId} className="font-medium text-ink" />: {reason}
          {node !== undefined && ` (${node})`}
        </li>
      ))}
    </ul>
    {unplaced.length > mostNamed && <p className="mt-1">And {unplaced.length - mostNamed} more.</p>}
  </Notice>
)

const Cluster = ({ status: { cameras, nodes, shards } }: { readonly status: ClusterStatus }) => (
  <>
    {cameras.unplaced.length > 0 && <Unplaced unplaced={cameras.unplaced} />}
    <Section
      title={countOf(nodes.length, "node")}
      note={`${count(cameras.running)} of ${countOf(cameras.desired, "camera")} run, ${count(shards.assigned)} of ${countOf(shards.total, "shard")} ${shards.total === 1 ? "is" : "are"} assigned.`}
    >
      <ul className="divide-y divide-line">
        {nodes.map((node) => (
          <Node key={node.name} node={node} />
        ))}
      </ul>
    </Section>
  </>
)

const loadText = ({ cameras, cpu, memory }: NodeLoad): string =>
  `runs ${countOf(cameras, "camera")}, ${percent(cpu)} of its cores, ${bytes(memory)}`

const Edge = ({ edge }: { readonly edge: EdgeOverview }) => {
  const { backlog, cameras, connected, lastSeen, load, name, version } = edge
  return (
    <li className="py-3" data-testid={`edge ${name}`}>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium break-all">{name}</span>
        <Badge tone={connected ? "good" : lastSeen === null ? "idle" : "warn"}>
          {connected ? "Connected" : lastSeen === null ? "Never seen" : "Away"}
        </Badge>
      </p>
      <p className="text-[13px] break-words text-muted">
        {[countOf(cameras, "camera"), ...(version === null ? [] : [`Vigil ${version}`]), ...(load ? [loadText(load)] : [])].join(
          " · "
        )}
        {lastSeen !== null && (
          <>
            {" "}
            · reported <Time at={lastSeen} withDate />
          </>
        )}
      </p>
      {backlog !== undefined && backlog.events > 0 && (
        <p className="text-[13px] text-warn">
          {countOf(backlog.events, "event")} to deliver
          {backlog.oldest !== null && (
            <>
              , the oldest of <Time at={backlog.oldest} withDate />
            </>
          )}
        </p>
      )}
    </li>
  )
}

const Edges = ({ edges }: { readonly edges: ReadonlyArray<EdgeOverview> }) =>
  edges.length === 0 ? (
    <p className="text-muted">There are none. An edge runs a site's cameras by itself while the centre cannot be reached.</p>
  ) : (
    <ul className="-my-3 divide-y divide-line">
      {edges.map((edge) => (
        <Edge key={edge.id} edge={edge} />
      ))}
    </ul>
  )

const Machines = () => {
  const cluster = useQuery(clusterQuery(useClient()))
  const edges = useQuery(edgesQuery)
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Nodes and edges" note="Which machines run the cameras, and how much they have to do" />
      <Loaded query={cluster}>{(status) => <Cluster status={status} />}</Loaded>
      <Section title="Edges" note="Nodes at sites; assigned cameras are run there.">
        <Loaded query={edges}>{(all) => <Edges edges={all} />}</Loaded>
      </Section>
    </div>
  )
}

/** The nodes of the cluster and the tenant's edges, to look at. */
export const ClusterPage = () => (
  <OnlyFor role="admin" title="Nodes and edges">
    <Machines />
  </OnlyFor>
)
