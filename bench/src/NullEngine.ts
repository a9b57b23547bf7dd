import type { EngineModule } from "@vigil/runtime/media/worker/EngineModule"

/**
 * Takes 640x480 RGB pictures from a media worker and looks at none of them: what is left is the cost of making them.
 * @public loaded by the media worker from its URL
 */
export const makeInferenceEngine: EngineModule["makeInferenceEngine"] = () => ({
  load: () => Promise.resolve(),
  release: () => undefined,
  picture: () => ({ content: { width: 640, height: 480 }, input: { width: 640, height: 480 }, format: "rgb24" }),
  submit: ({ done }) => done({ _tag: "Done", detections: [], queued: 0, ran: 0 }),
  statistics: () => ({ submitted: 0, done: 0, dropped: 0, failed: 0, waiting: 0 }),
  close: () => Promise.resolve()
})
