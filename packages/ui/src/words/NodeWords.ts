import type { NodeState } from "@vigil/core/Node"
import type { Tone } from "./CameraWords.js"

const states: Readonly<Record<NodeState, readonly [words: string, tone: Tone, meaning: string]>> = {
  up: ["Up", "good", "It takes cameras."],
  full: ["Full", "warn", "It is over its capacity: it refuses further cameras and hands some off."],
  draining: ["Draining", "calm", "It gives all of its cameras away."],
  unreachable: ["Unreachable", "bad", "It does not answer."]
}

export const nodeStateWords = (state: NodeState): readonly [words: string, tone: Tone, meaning: string] => states[state]

/** `37 %` */
export const percent = (share: number): string => `${Math.round(share * 100)} %`
