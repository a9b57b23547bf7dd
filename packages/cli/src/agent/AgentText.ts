import type { AgentState, AgentStatus } from "@vigil/runtime/whip/AgentStatus"
import { DateTime } from "effect"
import { bytes } from "../Output.js"

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

const stateText = (state: AgentState): string => {
  switch (state._tag) {
    case "Connecting":
      return "connecting to the camera"
    case "Offering":
      return `the camera streams (${state.stream}); offering it to the server`
    case "Publishing": {
      const lost = state.packetsRepeated > 0 ? `, ${state.packetsRepeated} packets sent again` : ""
      const dropped =
        state.picturesDropped > 0 ? `, ${state.picturesDropped} pictures left out: the way to the server is slow` : ""
      return `publishing: ${bytes(state.bytes)} in ${state.packets} packets${lost}${dropped}`
    }
    case "Retrying":
      return `${state.party} ${state.reason}: ${state.detail}; attempt ${state.failures + 1} in ${seconds(state.after)}`
  }
}

/** One line of the agent's output. */
export const agentText = ({ at, cameraId, state, url }: AgentStatus): string =>
  `${DateTime.formatIso(at)} ${cameraId.slice(0, 8)} ${url} ${stateText(state)}`
